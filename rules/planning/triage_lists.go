package planning

import (
	"cmp"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// triageList is a list of the triage report: which issues wait in it, and for what.
type triageList struct {
	name, title string
	ask         func(*triage.Team) string              // what the managers are to do, Markdown
	waits       func(s Snapshot, w *work) bool         // the issue lacks what the list asks for; once it does not, its box is ticked
	keeps       func(w *work) bool                     // its box stays open although waits does not tell it; nil for none
	unlike      func(s Snapshot, w *work) bool         // it is in a more urgent list, nil for none
	pairs       bool                                   // each issue is likely a duplicate of another, which is named below it
	compare     func(s Snapshot, a, b *work) int       // the order
	text        func(s Snapshot, w *work) triage.Prose // what stands behind the issue; nil for nothing
	filter      func(*triage.Team) Filter              // the same list in GitLab; nil if GitLab has no such filter
	byState     bool                                   // the filter is by the label of a state
	scopes      []triage.LabelRole                     // whose labels are shown
	uncapped    bool
	uses        triage.Premise // a team that does not have it has no such list
}

// How long an issue may stand still.
const (
	blockedDays = 14
	idleMonths  = 12
)

// triageLists are those of the report in their order: what cannot wait, what lacks something, what stands still. The lists are the sections of the
// report that GitLab's own bot writes ("Triage Process" and the group level triage report), with those that nobody acts on left out.
var triageLists = []triageList{
	{
		name: "past-slo", uses: triage.UsesSeverities, title: "Past SLO", uncapped: true, scopes: []triage.LabelRole{triage.SeverityScope, triage.PriorityScope},
		ask: func(*triage.Team) string {
			return "Open for longer than their severity allows. Please schedule them, or correct the severity."
		},
		waits:   func(s Snapshot, w *work) bool { return s.sloState(w.i) == PastSLO },
		compare: mostSevere, text: overText,
	},
	{
		name: "near-slo", uses: triage.UsesSeverities, title: "Near SLO", scopes: []triage.LabelRole{triage.SeverityScope, triage.PriorityScope},
		ask:     func(*triage.Team) string { return "They reach the limit of their severity on the day that is named." },
		waits:   func(s Snapshot, w *work) bool { return s.sloState(w.i) >= NearSLO },
		unlike:  func(s Snapshot, w *work) bool { return s.sloState(w.i) == PastSLO },
		compare: mostOverdue, text: limitText,
	},
	{
		name: "without-type", title: "Without type", scopes: []triage.LabelRole{triage.WorkflowScope},
		ask: func(t *triage.Team) string {
			return "Please add " + choiceOf(typeLabels(t)) + ", or another team's label."
		},
		waits: func(_ Snapshot, w *work) bool { return w.in.ScopedValue(triage.TypeScope) == "" },
		text: func(_ Snapshot, w *work) triage.Prose {
			if len(w.i.Labels) == 0 {
				return triage.Say("no label at all")
			}
			return nil
		},
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{NotLabels: append(typeLabels(t), t.LabelNames(triage.Skip)...)}
		},
	},
	{
		name: "bugs-without-severity", uses: triage.UsesSeverities, title: "Bugs without severity", scopes: []triage.LabelRole{triage.PriorityScope},
		ask: func(t *triage.Team) string {
			return "How bad is it? Please add " + choiceOf(t.Severity.Labels()) + "."
		},
		waits: func(s Snapshot, w *work) bool {
			return isBug(w) && lacksLevel(s, w, triage.SeverityScope)
		},
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{Labels: bugLabels(t), NotLabels: t.Severity.Labels()}
		},
	},
	{
		name: "bugs-without-priority", uses: triage.UsesPriorities, title: "Bugs without priority", scopes: []triage.LabelRole{triage.SeverityScope},
		ask: func(t *triage.Team) string {
			return "How soon? Please add " + choiceOf(t.Priority.Labels()) + "."
		},
		waits: func(s Snapshot, w *work) bool {
			return isBug(w) && lacksLevel(s, w, triage.PriorityScope)
		},
		unlike:  func(s Snapshot, w *work) bool { return lacksLevel(s, w, triage.SeverityScope) },
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{Labels: bugLabels(t), NotLabels: t.Priority.Labels(), AnyLabels: t.Severity.Labels()}
		},
	},
	{
		name: "features-without-milestone", title: "Features without milestone",
		ask: schedule,
		waits: func(_ Snapshot, w *work) bool {
			return w.in.ScopedValue(triage.TypeScope) == "feature" && w.i.Milestone == ""
		},
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{Labels: []string{triage.Scoped(t.Label(triage.TypeScope), "feature")}, Milestone: "None"}
		},
	},
	{
		name: "frontend-bugs", title: "Frontend bugs without milestone", scopes: []triage.LabelRole{triage.SeverityScope, triage.PriorityScope},
		ask:     schedule,
		waits:   func(_ Snapshot, w *work) bool { return isBug(w) && w.i.Milestone == "" && w.in.Has(triage.Frontend) },
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{Labels: append(bugLabels(t), t.Label(triage.Frontend)), Milestone: "None"}
		},
	},
	{
		name: "backend-bugs", title: "Backend bugs without milestone", scopes: []triage.LabelRole{triage.SeverityScope, triage.PriorityScope},
		ask:     schedule,
		waits:   func(_ Snapshot, w *work) bool { return isBug(w) && w.i.Milestone == "" && !w.in.Has(triage.Frontend) },
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{Labels: bugLabels(t), NotLabels: []string{t.Label(triage.Frontend)}, Milestone: "None"}
		},
	},
	{
		name: "ux-debt", uses: triage.UsesSeverities, title: "UX debt without severity",
		ask: func(t *triage.Team) string {
			return "Please add a severity. UX debt is " + t.Severity.Minor() + " at most: what is worse is a bug."
		},
		waits: func(s Snapshot, w *work) bool {
			return w.in.Has(triage.UXDebt) && lacksLevel(s, w, triage.SeverityScope)
		},
		compare: newest,
		filter: func(t *triage.Team) Filter {
			return Filter{AnyLabels: t.LabelNames(triage.UXDebt), NotLabels: t.Severity.Labels()}
		},
	},
	{
		name: "duplicates", title: "Likely duplicates",
		ask: func(*triage.Team) string {
			return "A guess: the titles have the same words. If it is right, please close the newer one with `/duplicate`."
		},
		waits:   func(_ Snapshot, w *work) bool { return !w.in.Has(triage.Duplicate) },
		pairs:   true,
		compare: newest,
	},
	{
		name: "blocked", title: "Blocked for more than 14 days",
		ask: func(*triage.Team) string { return "What do they wait for, and who can help?" },
		waits: func(s Snapshot, w *work) bool {
			since, ok := blockedSince(w)
			return ok && s.Now.Sub(since) > blockedDays*24*time.Hour
		},
		// A comment is no reason to tick the box of an issue of which only the last activity is known.
		keeps: func(w *work) bool { return w.in.Is(triage.Blocked) && w.i.StateAt.IsZero() },
		compare: func(_ Snapshot, a, b *work) int {
			sinceA, _ := blockedSince(a)
			sinceB, _ := blockedSince(b)
			return sinceA.Compare(sinceB)
		},
		text: func(s Snapshot, w *work) triage.Prose { since, _ := blockedSince(w); return s.since(since) },
		filter: func(t *triage.Team) Filter {
			return Filter{Labels: []string{t.State(t.Workflow.Named(triage.Blocked, triage.Intake))}}
		},
		byState: true,
	},
	{
		name: "idle", title: "No activity for 12 months", scopes: []triage.LabelRole{triage.TypeScope},
		ask:     func(*triage.Team) string { return "Will anybody do them? If not, please close them with a kind word." },
		waits:   func(s Snapshot, w *work) bool { return w.i.UpdatedAt.Before(s.Now.AddDate(0, -idleMonths, 0)) },
		compare: func(_ Snapshot, a, b *work) int { return a.i.UpdatedAt.Compare(b.i.UpdatedAt) },
		text:    func(s Snapshot, w *work) triage.Prose { return s.since(w.i.UpdatedAt) },
	},
}

// schedule asks for a milestone.
func schedule(*triage.Team) string {
	return "Please give each a milestone (`Backlog` if it can wait), or close it."
}

// newest puts the issues of customers first, and of these and the others the newest.
func newest(_ Snapshot, a, b *work) int {
	return cmp.Or(
		cmp.Compare(rankOfCustomer(a), rankOfCustomer(b)), b.i.CreatedAt.Compare(a.i.CreatedAt), byNumber(b.i, a.i),
	)
}

func rankOfCustomer(w *work) int {
	if w.in.Has(triage.Customer) {
		return 0
	}
	return 1
}

// isBug reports whether an issue is of the type bug.
func isBug(w *work) bool { return w.in.ScopedValue(triage.TypeScope) == "bug" }

// bugLabels is the label of the type bug.
func bugLabels(t *triage.Team) []string {
	return []string{triage.Scoped(t.Label(triage.TypeScope), "bug")}
}

// choiceOf names labels to choose from, as references.
func choiceOf(labels []string) string {
	var names []string
	for _, l := range labels {
		names = append(names, triage.Quoted(l))
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// blockedSince is when a blocked issue was blocked, at the latest; false for one that is not.
func blockedSince(w *work) (time.Time, bool) {
	if !w.in.Is(triage.Blocked) {
		return time.Time{}, false
	}
	if w.i.StateAt.IsZero() {
		return w.i.UpdatedAt, true
	}
	return w.i.StateAt, true
}

// since says from which day on something is so.
func (s Snapshot) since(t time.Time) triage.Prose {
	return triage.Say("since " + DateOf(t.In(s.Now.Location())).inWords())
}
