package planning

import (
	"fmt"
	"strings"

	"flowkeeper/rules/triage"
)

// composePlanning follows "Planning": a milestone is planned in one issue. Around the block stands the template, which is people's; in the block are
// the candidates. The block of the capacity is that of its own document, see CapacityHere.
func composePlanning(s Snapshot) (Document, error) {
	if err := s.needsMilestone(KindPlanning); err != nil {
		return Document{}, err
	}
	frame, err := s.frame()
	if err != nil {
		return Document{}, err
	}
	managers := s.Team.People(triage.ProductManager, triage.EngineeringManager)
	ours, others := s.candidates(s.Milestone)
	d := Document{
		Kind: KindPlanning, Key: s.Milestone.String(), Milestone: s.Milestone.String(), Title: s.planningTitle(), Labels: s.planningLabels(),
		Assignees: s.assignable(managers), Asks: distinct(managers), Due: s.dueOn(Kickoff), Frame: frame, State: s.carried(),
		Intro:    []triage.Prose{s.planningAsk(), s.span()},
		Sections: []Section{s.candidateSection("candidates", "Candidates", ours)},
	}
	if len(ours) > 0 {
		d.Sections[0].Text = append(s.candidateText(ours, d.Sections[0].Rows), d.Sections[0].Text...)
	}
	if len(others) > 0 {
		d.Sections = append(d.Sections, s.candidateSection("candidates-"+otherSide(s.Team.Side), "Candidates for the "+otherSide(s.Team.Side)+" alone", others))
	}
	return d, nil
}

// planningTitle is as people know it from the planning issues of years: "Source Code 18.8 Planning : December". The month is that in which it is planned.
func (s Snapshot) planningTitle() string {
	when := s.dateOf(Planning)
	for _, k := range s.Calendar.KeyDates(s.Milestone) {
		if k.Occasion == Planning && !k.Planned.IsZero() {
			when = k.Planned
		}
	}
	title := s.Milestone.String() + " Planning : " + when.Month.String()
	if name := shortName(s.Team.Name); name != "" {
		return name + " " + title
	}
	return title
}

// shortName is a team's name without the stage before it and the side behind it: "Source Code" of "Create:Source Code BE".
func shortName(name string) string {
	name = strings.TrimSpace(name[strings.LastIndexByte(name, ':')+1:])
	for _, side := range []string{" BE", " FE", " Backend", " Frontend"} {
		name = strings.TrimSuffix(name, side)
	}
	return name
}

// otherSide is the side that a team is not.
func otherSide(side string) string {
	if side == "frontend" {
		return "backend"
	}
	return "frontend"
}

func (s Snapshot) planningAsk() triage.Prose {
	return sayf("Please look through the candidates below: what is missing, what can wait%s? What is selected gets the label %s.", s.needs(),
		triage.Code(s.Team.Label(triage.Deliverable)))
}

// needs asks what the candidates may need, of what the team gives to its issues.
func (s Snapshot) needs() string {
	var some []string
	if !s.Team.Scale.Off() {
		some = append(some, "a weight")
	}
	if !s.Team.Priority.Off() {
		some = append(some, "a priority")
	}
	if len(some) == 0 {
		return ""
	}
	return ", what needs " + strings.Join(some, " or ")
}

// candidateText says how much the candidates would be, beside what is selected already and what the team has room for.
func (s Snapshot) candidateText(ours []*Issue, rows []Row) []triage.Prose {
	weight, unknown := s.weigh(ours)
	text := fmt.Sprintf("%s%s", countOf(len(ours), "candidate"), s.weighing(weight))
	if unknown > 0 {
		text += fmt.Sprintf(", %d of them without a weight yet", unknown)
	}
	selected := s.deliverables(s.Milestone)
	if weight, _ := s.weigh(selected); len(selected) > 0 {
		text += fmt.Sprintf("; %s%s, not listed here", countOf(len(selected), "Deliverable"), s.weighing(weight))
	}
	if budget, ok := s.teamBudget(); ok && !s.Team.Scale.Off() {
		text += ". The team's budget is " + budget.String()
	}
	return []triage.Prose{
		triage.Say(text + "."),
		triage.Say("Would you like to do one of them? Comment " + s.exampleTake(rows) + ". It is a wish, not yet an assignment."),
	}
}

// teamBudget is the sum of the engineers' budgets; false if there are none, for want of engineers or of working days.
func (s Snapshot) teamBudget() (sum Amount, ok bool) {
	for _, e := range s.engineers() {
		b := s.budget(e)
		sum, ok = sum+b.Rounded, b.WorkingDays > 0
	}
	return sum, ok
}

// candidateSection lists candidates with what decides about them: labels and weight.
func (s Snapshot) candidateSection(name, title string, issues []*Issue) Section {
	section := Section{Name: name, Title: title, Count: len(issues)}
	if len(issues) == 0 {
		section.Text = []triage.Prose{sayf("There are no candidates: no open issue of %s is waiting to be selected.", s.Milestone)}
	}
	for _, i := range issues {
		if row, ok := s.plannedRow(i, s.takers(i)); ok {
			section.Rows = append(section.Rows, row)
		}
	}
	section.Text = append(section.Text, s.hidden(len(issues)-len(section.Rows))...)
	return section
}
