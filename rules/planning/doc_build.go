package planning

import (
	"fmt"
	"slices"
	"strconv"

	"flowkeeper/rules/triage"
)

// composeBuild follows "Issue Selection" and "Build Board": what slipped comes first, then what is urgent, then what is heavy, as far as the team's
// budget reaches. It is a proposal; nothing of it is ever applied.
func composeBuild(s Snapshot) (Document, error) {
	if err := s.needsMilestone(KindBuild); err != nil {
		return Document{}, err
	}
	managers := s.Team.People(triage.EngineeringManager, triage.ProductManager)
	d := Document{
		Kind: KindBuild, Key: s.Milestone.String(), Milestone: s.Milestone.String(), Title: "Build " + s.Milestone.String(),
		Labels: s.planningLabels(), Assignees: s.assignable(managers), Asks: distinct(managers), Due: s.dueOn(Kickoff), State: s.carried(),
	}
	p := s.proposal()
	for _, section := range []Section{
		s.proposalSection(p), s.deliverableSection(), s.atRiskSection(), s.slippedSection(), s.leftOverSection(),
		s.beyondSection(p), s.unreadySection(p),
	} {
		if section.Count > 0 {
			d.Sections = append(d.Sections, section)
		}
	}
	d.Empty = len(d.Sections) == 0
	d.Intro = []triage.Prose{s.buildIntro(d.Empty)}
	return d, nil
}

func (s Snapshot) buildIntro(empty bool) triage.Prose {
	if empty {
		return sayf("There is nothing to select: %s has no issues, and nothing slipped from %s.", s.Milestone, s.Milestone.Previous())
	}
	return sayf("Please select what %s delivers%s: label it %s and assign it. This is a proposal, nothing of it is done by itself.",
		s.Milestone, by(s.dueOn(Kickoff)), triage.Code(s.Team.Label(triage.Deliverable)))
}

// proposal is what could be selected for a milestone.
type proposal struct {
	done    int      // weight of what is closed already
	fits    []*Issue // as far as the budget reaches
	beyond  []*Issue // candidates behind that
	unready []*Issue // candidates that cannot be scheduled as they are
	slipped map[*Issue]bool
	budget  Amount
	limited bool // there is a budget
}

// proposal orders what slipped, what is selected and the candidates. What slipped or is selected is always in it: it has to be decided about.
func (s Snapshot) proposal() proposal {
	p := proposal{slipped: map[*Issue]bool{}}
	p.budget, p.limited = s.teamBudget()
	var order []*Issue
	for _, i := range s.slippedFrom(s.Milestone.Previous()) {
		p.slipped[i] = true
		order = append(order, i)
	}
	var rest []*Issue
	for _, i := range s.deliverables(s.Milestone) {
		in := s.facts(i)
		switch w := weightOf(&in); {
		case i.Closed && w != nil:
			p.done += *w
		case !i.Closed && !p.slipped[i]:
			rest = append(rest, i)
		}
	}
	ours, _ := s.candidates(s.Milestone)
	for _, i := range ours {
		switch in := s.facts(i); {
		case p.slipped[i]:
		case !isSchedulable(&in):
			p.unready = append(p.unready, i)
		default:
			rest = append(rest, i)
		}
	}
	s.sortByUrgency(rest)
	sum := p.done
	for _, i := range append(order, rest...) {
		in := s.facts(i)
		weight := max(0, heaviness(&in))
		selected := p.slipped[i] || in.Has(triage.Deliverable)
		if !selected && (len(p.beyond) > 0 || p.limited && whole(sum+weight) > p.budget) {
			p.beyond = append(p.beyond, i)
			continue
		}
		sum += weight
		p.fits = append(p.fits, i)
	}
	return p
}

// isSchedulable reports whether an issue can be scheduled by its weight: it has one that need not be split up. The extra level for security takes
// nothing out of a plan.
func isSchedulable(in *triage.Input) bool {
	w, scale := weightOf(in), in.Team.Scale
	if w == nil || scale.Off() {
		return scale.Off()
	}
	estimate, raised := scale.Lowered(*w)
	return *w < scale.SplitFrom || raised && in.IsSecurity() && estimate < scale.SplitFrom
}

// proposalSection lists what could be selected, with the sum of the weights so far.
func (s Snapshot) proposalSection(p proposal) Section {
	section := Section{Name: "proposal", Title: "Proposal", Count: len(p.fits)}
	sum := p.done
	for _, i := range p.fits {
		in := s.facts(i)
		sum += max(0, heaviness(&in))
		more := []triage.Prose{unmentionedAll(i.Assignees), s.takers(i)}
		if p.slipped[i] {
			more = append(more, s.whence())
		}
		if !s.Team.Scale.Off() {
			more = append(more, triage.Say("sum "+strconv.Itoa(sum)))
		}
		if in.Has(triage.Deliverable) {
			more = append([]triage.Prose{triage.Say("**" + s.Team.Label(triage.Deliverable) + "**")}, more...)
		}
		if row, ok := s.plannedRow(i, more...); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	budget := "There is no budget to compare it with, see the capacity."
	if p.limited {
		budget = fmt.Sprintf("The team's budget is %s.", p.budget)
	}
	text := fmt.Sprintf("What slipped comes first, then what is urgent, then what is heavy. Together they weigh %d. ", sum) + budget
	if p.limited && whole(sum) > p.budget {
		text += fmt.Sprintf(" What slipped and what is selected is more than that, by **%s**.", whole(sum)-p.budget)
	}
	if p.done > 0 {
		text += fmt.Sprintf(" The sum begins with %d for what is closed already.", p.done)
	}
	if s.Team.Scale.Off() {
		text = "What slipped comes first, then what is urgent."
	}
	section.Text = append([]triage.Prose{triage.Say(text)}, s.hidden(len(p.fits)-len(section.Rows))...)
	return section
}

// whence says of an issue that it comes from the milestone before, which may still run.
func (s Snapshot) whence() triage.Prose {
	if from := s.Milestone.Previous(); !s.hasEnded(from) {
		return triage.Say("not done in " + from.String())
	}
	return triage.Say("slipped from " + s.Milestone.Previous().String())
}

// hasEnded reports whether the last day of a milestone is over.
func (s Snapshot) hasEnded(v Version) bool { return s.today().After(s.Calendar.Milestone(v).End.Date) }

// deliverableSection lists the selected issues that lack something, see the rule deliverable-needs.
func (s Snapshot) deliverableSection() Section {
	section := Section{Name: "deliverables", Title: "Selected so far"}
	weight, listed := 0, 0
	for _, i := range s.deliverables(s.Milestone) {
		in := s.facts(i)
		section.Count++
		weight += max(0, heaviness(&in))
		lacks := lacking(i, &in)
		if i.Closed || len(lacks) == 0 {
			continue
		}
		listed++
		if row, ok := s.plannedRow(i, triage.Say("lacks "+joinWords(lacks))); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	has := "a weight and somebody to do them"
	if s.Team.Scale.Off() {
		has = "somebody to do them"
	}
	text := fmt.Sprintf("%s%s. All have %s, and are ready.", countOf(section.Count, s.Team.Label(triage.Deliverable)), s.weighing(weight), has)
	if listed > 0 {
		text = fmt.Sprintf("%s%s. These lack something:", countOf(section.Count, s.Team.Label(triage.Deliverable)), s.weighing(weight))
	}
	section.Text = append([]triage.Prose{triage.Say(text)}, s.hidden(listed-len(section.Rows))...)
	return section
}

// lacking is what a selected issue still needs.
func lacking(i *Issue, in *triage.Input) []string {
	var lacks []string
	if len(i.Assignees) == 0 {
		lacks = append(lacks, "an assignee")
	}
	if weightOf(in) == nil && !in.Team.Scale.Off() {
		lacks = append(lacks, "a weight")
	}
	if !isReady(in) {
		ready := in.Team.Workflow.State(in.Team.Workflow.Named(triage.Ready, triage.Development, triage.Intake))
		lacks = append(lacks, "the state "+triage.Code(ready.Name))
	}
	return lacks
}

// atRiskSection lists what may miss its milestone, of the one that runs.
func (s Snapshot) atRiskSection() Section {
	section := Section{Name: "at-risk", Title: "At risk"}
	for _, v := range []Version{s.Milestone.Previous(), s.Milestone} {
		issues, left := s.atRisk(v)
		if len(issues) == 0 {
			continue
		}
		section.Count = len(issues)
		section.Text = []triage.Prose{sayf("Selected for %s, which has %s left, and nobody has begun.", v, countOf(left, "working day"))}
		section.Rows = s.plannedRows(issues)
		section.Text = append(section.Text, s.hidden(len(issues)-len(section.Rows))...)
	}
	return section
}

// slippedSection lists what the milestone before leaves.
func (s Snapshot) slippedSection() Section {
	from, issues := s.Milestone.Previous(), s.slippedFrom(s.Milestone.Previous())
	end := s.Calendar.Milestone(from).End.Date
	section := Section{Name: "slipped", Title: fmt.Sprintf("Slipped from %s (%d)", from, len(issues)), Count: len(issues), Rows: s.plannedRows(issues), Folded: true}
	weight, _ := s.weigh(issues)
	text := fmt.Sprintf("%s%s.", countOf(len(issues), "issue"), s.weighing(weight))
	if !s.hasEnded(from) {
		section.Title = fmt.Sprintf("Not done in %s (%d)", from, len(issues))
		text = fmt.Sprintf("%s ends on %s. Until then, %s%s may still be done.", from, end.inWords(), countOf(len(issues), "issue"), s.weighing(weight))
	}
	section.Text = append([]triage.Prose{triage.Say(text)}, s.hidden(len(issues)-len(section.Rows))...)
	return section
}

// leftOver are the candidates of the milestone before that nobody selected or began.
func (s Snapshot) leftOver() []*Issue {
	ours, _ := s.candidates(s.Milestone.Previous())
	return slices.DeleteFunc(ours, func(i *Issue) bool {
		in := s.facts(i)
		return isStarted(&in)
	})
}

// leftOverSection lists them.
func (s Snapshot) leftOverSection() Section {
	from := s.Milestone.Previous()
	return s.unselectedSection(Section{
		Name: "left-over", Title: "Candidates left over from " + from.String(),
		Text: []triage.Prose{sayf("They were not selected for %s and nobody has begun. Please comment one of the two on each.", from)},
	}, s.Milestone, s.leftOver())
}

func (s Snapshot) beyondSection(p proposal) Section {
	return s.unselectedSection(Section{
		Name: "beyond", Title: fmt.Sprintf("Beyond the budget (%d)", len(p.beyond)), Folded: true,
		Text: []triage.Prose{triage.Say("The budget does not reach to these. Please select one all the same, or comment one of the two on it.")},
	}, s.Milestone.Next(), p.beyond)
}

func (s Snapshot) unreadySection(p proposal) Section {
	return s.unselectedSection(Section{
		Name: "unready", Title: fmt.Sprintf("Cannot be scheduled yet (%d)", len(p.unready)), Folded: true,
		Text: []triage.Prose{sayf("Without a weight, or with one of %d and more, an issue is not selected. Please see to it, or comment one of the two on it.", s.Team.Scale.SplitFrom)},
	}, s.Milestone.Next(), p.unready)
}

// unselectedSection lists candidates that are not selected, with what is to be commented on each: it goes to the backlog, or to a later milestone.
func (s Snapshot) unselectedSection(section Section, later Version, issues []*Issue) Section {
	actions := triage.HowTo(triage.SetMilestone{Title: "Backlog"}) + " or " + triage.HowTo(triage.SetMilestone{Title: later.String()})
	section.Count = len(issues)
	for _, i := range issues {
		if row, ok := s.plannedRow(i, triage.Say(actions)); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	section.Text = append(section.Text, s.hidden(len(issues)-len(section.Rows))...)
	return section
}
