package setup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Events are what webhooks have to tell of under a policy: merge requests only where a rule looks at them. GitLab asks separately for what is
// confidential; reactions come for all issues.
func Events(p engine.Policy) []string {
	events := []string{gitlab.OnIssues, gitlab.OnConfidentialIssues, gitlab.OnComments, gitlab.OnConfidentialNotes, gitlab.OnEmoji}
	if p.LooksAtMergeRequests() {
		events = append(events, gitlab.OnMergeRequests)
	}
	return events
}

// Milestone is the title of the milestone that a policy needs, "" if it needs none.
func Milestone(p engine.Policy) string {
	if s, on := active(p, "minor-backlog"); on {
		return s.Options.Text("milestone")
	}
	return ""
}

// active finds a rule that is not switched off.
func active(p engine.Policy, id string) (s engine.Setting, on bool) {
	for _, s := range p.Settings {
		if s.ID == id {
			return s, s.Mode != triage.Off
		}
	}
	return engine.Setting{}, false
}

// wantedLabels gathers labels, each once.
type wantedLabels struct {
	team *triage.Team
	seen map[string]bool
	list []gitlab.NewLabel
}

// Labels are those that the rules and the commands of a policy can write, and those that the team's own policies name, with a colour and what they mean. Rules in shadow count: they may
// be let act later. The labels of single milestones, such as missed:18.9, are left to the rule that writes them.
func Labels(p engine.Policy) []gitlab.NewLabel { return wanted(p).list }

// ReportLabels are those beside Labels that the issues of reports carry.
func ReportLabels(p engine.Policy) []gitlab.NewLabel {
	w := wanted(p)
	others := len(w.list)
	w.reports()
	return w.list[others:]
}

func wanted(p engine.Policy) wantedLabels {
	w := wantedLabels{team: p.Team, seen: map[string]bool{}}
	w.workflow(p)
	w.teamLabels(p)
	w.roles(p)
	w.levels()
	w.weights(p)
	w.policies(p)
	return w
}

// add adds a label unless it is there already or none at all.
func (w *wantedLabels) add(name, description string) {
	if name == "" || w.seen[name] {
		return
	}
	w.seen[name] = true
	w.list = append(w.list, gitlab.NewLabel{Name: name, Color: color(w.team, name), Description: description})
}

// meanings say in a sentence what a state of the workflow means.
var meanings = map[triage.Meaning]string{
	triage.Intake:          "New: nobody has looked at it yet",
	triage.DesignReady:     "The problem is understood; design can begin",
	triage.Design:          "A designer works on a solution",
	triage.Breakdown:       "The solution is viable; it is split up and estimated",
	triage.Refinement:      "Engineers find out what is missing for an estimate",
	triage.Review:          "Estimated; the team looks at it together",
	triage.Ready:           "Estimated and agreed on; somebody can begin when it is scheduled",
	triage.Development:     "Its assignee works on it",
	triage.CodeReview:      "What is to be merged for it is in review",
	triage.Verification:    "Merged; to be seen working where it is deployed",
	triage.SecurityRelease: "A fix that waits for the next security release",
	triage.Done:            "Merged and verified",
	triage.Blocked:         "Cannot go on until something else is done",
	triage.Dropped:         "It will not be done",
}

// workflow adds the states, to each of which a command leads.
func (w *wantedLabels) workflow(p engine.Policy) {
	for _, s := range w.team.Workflow.States() {
		means := meanings[s.Is]
		if means == "" {
			means = "State of the workflow: " + s.Name
		}
		w.add(w.team.State(s.Name), means)
	}
	for _, s := range w.team.Workflow.States() {
		for _, r := range s.Needs {
			w.add(r.Label(), "An issue carries it before it is "+s.Where)
		}
	}
	// The default means the first state, whatever the team calls it.
	if s, on := active(p, "workflow-intake"); on && s.Options.Text("label") != s.Defaults().Text("label") {
		w.add(s.Options.Text("label"), "Where a new issue begins")
	}
}

// teamLabels adds what every issue of the team carries.
func (w *wantedLabels) teamLabels(p engine.Policy) {
	if _, on := active(p, "team-labels"); !on {
		return
	}
	for _, l := range w.team.Labels {
		w.add(l, "Of the team "+w.team.Name)
	}
	w.add(w.team.GroupLabel, "Of the team "+w.team.Name)
}

// roles adds the single labels that rules and commands set.
func (w *wantedLabels) roles(p engine.Policy) {
	for _, r := range []struct {
		role  triage.LabelRole
		rule  string // that sets it; "" for a command
		means string
	}{
		{triage.Spike, "", "Time-boxed research for something that is planned"},
		{triage.Duplicate, "", "Another issue is about the same"},
		{triage.Contributions, "", "Agreed on and well defined: anybody may take it up"},
		{triage.QuickWin, "", "Small, with a clear plan: good for a first contribution"},
		{triage.Research, "weight-research", "The estimate is too high to be sure: more research is needed"},
		{triage.UX, "design-needs-ux", "Design has a part in it"},
		{triage.SLOMissed, "slo-missed", "Open for longer than the SLO of its severity allows"},
		{triage.SLONear, "slo-near-miss", "Three quarters of the time that its SLO allows are over"},
		{triage.MissedDeliverable, "missed-deliverable", "A deliverable that was open when its milestone ended"},
	} {
		if _, on := active(p, r.rule); on || r.rule == "" {
			w.add(w.team.Label(r.role), r.means)
		}
	}
}

// The meanings of types and, where a team has the handbook's values, of its severities and priorities.
var (
	typeMeanings     = map[string]string{"bug": "Something does not work as it should", "feature": "Something new", "maintenance": "Upkeep that users do not see"}
	severityMeanings = []string{"Blocker: unusable, and there is no way around", "Critical: broken, and the way around is hard", "Major: broken, and there is a way around", "Low: little harm"}
	priorityMeanings = []string{"Urgent: to be done at once", "High: to be done soon", "Medium: to be done when there is room", "Low: may wait"}
)

// levels adds types, severities and priorities.
func (w *wantedLabels) levels() {
	for _, l := range w.team.TriageLabels() {
		switch noun, levels, rank := levelOf(w.team, l); {
		case levels == nil:
			w.add(l, typeMeanings[triage.Value(l)])
		case len(levels.Values) == len(severityMeanings) && levels == w.team.Severity:
			w.add(l, severityMeanings[rank])
		case len(levels.Values) == len(priorityMeanings) && levels == w.team.Priority:
			w.add(l, priorityMeanings[rank])
		default:
			w.add(l, fmt.Sprintf("%s %d of %d, 1 is the most urgent", noun, rank+1, len(levels.Values)))
		}
	}
}

// levelOf finds the severity or the priority for which a label stands, with its place among them; nil if it stands for none.
func levelOf(t *triage.Team, label string) (noun string, levels *triage.Levels, rank int) {
	for noun, levels := range map[string]*triage.Levels{"Severity": t.Severity, "Priority": t.Priority} {
		if value, ok := levels.ValueOf(label); ok && levels.Rank(value) >= 0 {
			return noun, levels, levels.Rank(value)
		}
	}
	return "", nil, -1
}

// reports adds what the issues of reports carry, by which the rules leave them alone: the handbook's names where the team has them.
func (w *wantedLabels) reports() {
	skip := w.team.LabelNames(triage.Skip)
	for _, name := range []string{"triage report", "Planning Issue"} {
		if !slices.Contains(skip, name) {
			name = skip[0]
		}
		w.add(name, "About other issues: the rules leave it alone")
	}
}

// weights adds the labels that carry the weight of the team's side on an issue of both sides.
func (w *wantedLabels) weights(p engine.Policy) {
	_, splits := active(p, "split-weight")
	part := "The " + w.team.Side + " part of the work weighs "
	if !w.team.Scale.HasSides() {
		part = "The work weighs "
	} else if !splits {
		return
	}
	for _, n := range w.team.Scale.Values {
		w.add(w.team.WeightLabel(w.team.Side, n), part+strconv.Itoa(n))
	}
}

// policies adds what the team's own policies name, also in conditions: a label that is not there is most likely misspelt there, or yet to be
// created.
func (w *wantedLabels) policies(p engine.Policy) {
	for _, s := range p.Settings {
		if s.Mode == triage.Off {
			continue
		}
		for _, label := range s.Names {
			w.add(label, "Named by the policy “"+s.Summary+"”")
		}
	}
}

// graded are the colours of the levels from the worst to the least, red to green.
var graded = [...]string{"#f2495c", "#ff9830", "#fade2a", "#73bf69"}

// color gives all labels of a scope one colour; severities and priorities are graded.
func color(t *triage.Team, label string) string {
	if _, ok := t.StateOf(label); ok {
		return "#428bca"
	}
	scope := triage.Scope(label)
	if _, levels, rank := levelOf(t, label); levels != nil {
		return graded[rank*(len(graded)-1)/max(1, len(levels.Values)-1)]
	}
	switch scope {
	case t.Label(triage.TypeScope):
		return "#9400d3"
	case t.WeightScope(t.Side):
		return "#4a708b"
	}
	switch {
	case label == t.GroupLabel:
		return "#a8d695"
	case strings.HasPrefix(label, "Category:"):
		return "#428bca"
	case scope == "devops":
		return "#e44d2a"
	case scope == "section":
		return "#f0ad4e"
	case label == t.Label(triage.SLOMissed), label == t.Label(triage.SLONear), label == t.Label(triage.MissedDeliverable):
		return "#dc143c"
	case label == t.Label(triage.Research), label == t.Label(triage.Spike):
		return "#ed9121"
	case label == t.Label(triage.Contributions), label == t.Label(triage.QuickWin):
		return "#009966"
	case label == t.Label(triage.UX):
		return "#c39953"
	}
	return "#8c8c96"
}
