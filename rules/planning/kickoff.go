package planning

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// personKickoff is what one person is told before a milestone begins: "Kickoff".
type personKickoff struct {
	workload

	likely  []*Issue // open and assigned: selected, ready for development or further on
	slipped []*Issue // assigned, and not done in the milestone before, where they still stand
}

// kickoffs are those of the engineers, and behind them of others who are assigned.
func (s Snapshot) kickoffs() []personKickoff {
	people, _ := s.workloads()
	selected, slipped := s.deliverables(s.Milestone), s.slippedFrom(s.Milestone.Previous())
	all := make([]personKickoff, len(people))
	for n, w := range people {
		all[n].workload = w
		for _, i := range w.issues {
			if !i.Closed {
				all[n].likely = append(all[n].likely, i)
			}
		}
		for _, i := range selected {
			if !i.Closed && triage.HasUsername(i.Assignees, w.person) && !slices.Contains(all[n].likely, i) {
				all[n].likely = append(all[n].likely, i)
			}
		}
		for _, i := range slipped {
			if i.Milestone != s.Milestone.String() && triage.HasUsername(i.Assignees, w.person) {
				all[n].slipped = append(all[n].slipped, i)
			}
		}
		s.sortByUrgency(all[n].likely)
	}
	return all
}

// reckoning is a person's availability and budget, and how it was reckoned.
func (s Snapshot) reckoning(k personKickoff) triage.Prose {
	b := k.Budget
	switch {
	case s.Team.Scale.Off():
		return s.availability(k)
	case !k.engineer:
		return triage.Say("No budget: the roster does not name them among the engineers.")
	case b.WorkingDays == 0:
		return sayf("No budget: %s has no working day.", s.Milestone)
	case b.DaysAway == 0 && b.Share == 100:
		return sayf("Available 100 %%, on all %s: a budget of **%s**.", countOf(b.WorkingDays, "working day"), b.Rounded)
	}
	there, formula := b.WorkingDays-b.DaysAway, strconv.Itoa(s.fullBudget())
	days := "all " + countOf(b.WorkingDays, "working day")
	if b.DaysAway > 0 {
		days = fmt.Sprintf("%d of %s", there, countOf(b.WorkingDays, "working day"))
		formula += fmt.Sprintf(" × %d/%d", there, b.WorkingDays)
	}
	if b.Share < 100 {
		days += fmt.Sprintf(", with %d %% of the time", b.Share)
		formula += fmt.Sprintf(" × %d %%", b.Share)
	}
	if b.Rounded != b.Exact {
		formula += " is " + b.Exact.String() + ", which"
	}
	return sayf("Available %d %%, on %s: %s makes a budget of **%s**.", b.availability(), days, formula, b.Rounded)
}

// availability is how much of a milestone a person is there, of a team without weights and so without budgets.
func (s Snapshot) availability(k personKickoff) triage.Prose {
	b := k.Budget
	if !k.engineer || b.WorkingDays == 0 {
		return sayf("The roster does not name them among the engineers of %s.", s.Milestone)
	}
	return sayf("Available %d %%, on %d of %s.", b.availability(), b.WorkingDays-b.DaysAway, countOf(b.WorkingDays, "working day"))
}

// load says how much is likely a person's, and why it is more than the budget where it is. The reasons are those that GitLab and the
// calendar tell; where there are none, people have to say it.
func (s Snapshot) load(k personKickoff) []triage.Prose {
	weight, unknown := s.weigh(k.likely)
	text := "Nothing is assigned yet. Wishes are welcome on the planning issue."
	if len(k.likely) > 0 {
		text = fmt.Sprintf("Likely: %s%s", countOf(len(k.likely), "issue"), s.weighing(weight))
		if unknown > 0 {
			text += fmt.Sprintf(", %d of them without a weight", unknown)
		}
		text += "."
	}
	if weight, _ := s.weigh(k.slipped); len(k.slipped) > 0 {
		text += fmt.Sprintf(" Besides, not done in %s: %s%s.", s.Milestone.Previous(), countOf(len(k.slipped), "issue"), s.weighing(weight))
	}
	all := []triage.Prose{triage.Say(text)}
	if k.isOver() {
		reasons := s.reasons(k)
		why := "The engineering manager says why."
		if len(reasons) > 0 {
			why = "The reasons: " + joinWords(reasons) + "."
		}
		all = append(all, sayf("Assigned %d, which is **%s more** than the budget. %s", k.assigned, -k.left(), why))
	}
	return all
}

// reasons why a person has more than the budget.
func (s Snapshot) reasons(k personKickoff) []string {
	var reasons []string
	before := s.Milestone.Previous()
	var slipped, closed, shared []*Issue
	for _, i := range k.issues {
		in := s.facts(i)
		switch {
		case i.Closed:
			closed = append(closed, i)
		case s.slipped(i, &in, before):
			slipped = append(slipped, i)
		case len(distinct(i.Assignees)) > 1:
			shared = append(shared, i)
		}
	}
	for _, part := range []struct {
		issues []*Issue
		text   string
	}{
		{slipped, "a weight of %d slipped from " + before.String()}, {closed, "a weight of %d is closed already"}, {shared, "a weight of %d is shared with others"},
	} {
		if weight, _ := s.weigh(part.issues); weight > 0 {
			reasons = append(reasons, fmt.Sprintf(part.text, weight))
		}
	}
	if k.DaysAway > 0 {
		reasons = append(reasons, countOf(k.DaysAway, "working day")+" away")
	}
	return reasons
}

// noteworthy are the open issues of the milestone that everybody in the team ought to know, and why.
func (s Snapshot) noteworthy() (issues []*Issue, why map[*Issue]string) {
	why = map[*Issue]string{}
	issues = s.ofMilestone(s.Milestone, func(i *Issue, in *triage.Input) bool {
		if i.Closed || isOtherSide(in) || !in.Has(triage.Deliverable) && !isReady(in) {
			return false
		}
		var reasons []string
		if priority(in) == 0 {
			reasons = append(reasons, "priority "+in.Team.Priority.Values[0])
		}
		if in.IsSecurity() {
			reasons = append(reasons, "security")
		}
		if scale := in.Team.Scale; !scale.Off() && heaviness(in) >= scale.Schedulable() {
			reasons = append(reasons, "large")
		}
		if in.Has(triage.Spike) {
			reasons = append(reasons, "a spike")
		}
		why[i] = strings.Join(reasons, ", ")
		return len(reasons) > 0
	})
	s.sortByUrgency(issues)
	return issues, why
}

// securityIssues are the open security issues of the milestone, in whatever state.
func (s Snapshot) securityIssues() []*Issue {
	issues := s.ofMilestone(s.Milestone, func(i *Issue, in *triage.Input) bool { return !i.Closed && in.IsSecurity() })
	s.sortByUrgency(issues)
	return issues
}
