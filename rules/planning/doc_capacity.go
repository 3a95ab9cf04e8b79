package planning

import (
	"fmt"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// composeCapacity follows "Capacity Planning": availability is the working days of an engineer in the milestone by those that it has, the budget 10 times that,
// the team's the sum. Who has more than the budget is said here and nowhere else.
func composeCapacity(s Snapshot) (Document, error) {
	if err := s.needsMilestone(KindCapacity); err != nil {
		return Document{}, err
	}
	if s.Team.Scale.Off() {
		return Document{
			Kind: KindCapacity, Key: s.Milestone.String(), Milestone: s.Milestone.String(), State: s.carried(), Empty: true,
			Intro: []triage.Prose{sayf("There is no capacity to plan with: %s.", triage.WithoutWeights)},
		}, nil
	}
	people, nobody := s.workloads()
	capacity := Section{
		Name: "capacity", Title: "Capacity", Count: len(people),
		Text: append(s.capacityText(), s.leftOut(people, nobody)...), Rows: overBudget(people), Table: s.capacityTable(people),
	}
	d := Document{Kind: KindCapacity, Key: s.Milestone.String(), Milestone: s.Milestone.String(), State: s.carried(), Sections: []Section{capacity}}
	if away := s.awaySection(); len(away.Rows) > 0 {
		d.Sections = append(d.Sections, away)
	}
	return d, nil
}

// needsMilestone is an error if a report of a milestone was not told which.
func (s Snapshot) needsMilestone(k Kind) error {
	if s.Milestone == (Version{}) {
		return fmt.Errorf("the report %s is about a milestone: name one, such as %s", k, s.Calendar.At(s.today()).Version)
	}
	return nil
}

// span says when the milestone is and where its dates come from.
func (s Snapshot) span() triage.Prose {
	m := s.Calendar.Milestone(s.Milestone)
	text := fmt.Sprintf("%s runs from %s and has %s.", m.Version, DateRange{m.Start.Date, m.End.Date}.inWords(), countOf(m.WorkingDays, "working day"))
	if m.Start.From == "" && m.End.From == "" {
		text += " GitLab has no dates for it, so they are reckoned from the releases."
	}
	return triage.Say(text)
}

// capacityText says what the budgets rest on, or why there are none.
func (s Snapshot) capacityText() []triage.Prose {
	text := []triage.Prose{s.span()}
	switch m := s.Calendar.Milestone(s.Milestone); {
	case m.WorkingDays == 0:
		text = append(text, triage.Say("Without a working day there are no budgets: please correct the milestone's dates in GitLab, or the holidays in the configuration."))
	case len(s.engineers()) == 0:
		text = append(text, triage.Say("There are no budgets yet: the configuration names no engineers ("+triage.Code("team.roles.engineers")+")."))
	default:
		text = append(text, sayf("A full budget is %d. It counts what is %s or further on, and what was closed. Away? Please comment %s.",
			s.fullBudget(), s.Team.Workflow.State(s.Team.Workflow.Named(triage.Ready, triage.Development, triage.Intake)).Where, s.Team.CommandCode("away "+exampleAway(m))))
	}
	return text
}

// exampleAway is how people say that they are away in a milestone.
func exampleAway(m Milestone) string {
	return m.Start.Date.AddDays(2).String() + ".." + m.Start.Date.AddDays(4).String()
}

// leftOut says what the sums leave out or count twice.
func (s Snapshot) leftOut(people []workload, nobody workload) []triage.Prose {
	var text []string
	if n := len(nobody.issues); n > 0 {
		text = append(text, fmt.Sprintf("Nobody is assigned yet: %s%s.", countOf(n, "issue"), s.weighing(nobody.assigned)))
	}
	unknown, seen, shared := nobody.unknown, map[*Issue]bool{}, map[*Issue]bool{}
	for _, w := range people {
		unknown += w.unknown
		for _, i := range w.issues {
			if seen[i] {
				shared[i] = true
			}
			seen[i] = true
		}
	}
	if unknown > 0 {
		text = append(text, fmt.Sprintf("Without a weight, so not in the sums: %s.", countOf(unknown, "issue")))
	}
	if n := len(shared); n > 0 {
		text = append(text, fmt.Sprintf("Assigned to several people, and counted in full for each: %s.", countOf(n, "issue")))
	}
	if len(text) == 0 {
		return nil
	}
	return []triage.Prose{triage.Say(strings.Join(text, " "))}
}

// overBudget says who has more than the budget, and by what.
func overBudget(people []workload) []Row {
	var rows []Row
	for _, w := range people {
		if w.isOver() {
			rows = append(rows, Row{Text: unmentioned(w.person).Say(fmt.Sprintf(" is over by **%s**: %d assigned, a budget of %s.", -w.left(), w.assigned, w.Rounded))})
		}
	}
	return rows
}

// capacityTable has a line for each engineer, one for the team, which is their sum, and behind it those who are assigned without being engineers of
// the roster.
func (s Snapshot) capacityTable(people []workload) *Table {
	if len(people) == 0 {
		return nil
	}
	t := &Table{Numbers: true}
	for _, head := range []string{"Who", "Working days", "Away", "Available", "Budget", "Assigned", "Left"} {
		t.Head = append(t.Head, triage.Say(head))
	}
	engineers := len(s.engineers())
	for _, w := range people[:engineers] {
		t.Rows = append(t.Rows, w.cells(unmentioned(w.person)))
	}
	if engineers > 0 {
		t.Rows = append(t.Rows, sumOf(people[:engineers]).cells(triage.Say("**Team**")))
	}
	for _, w := range people[engineers:] {
		t.Rows = append(t.Rows, w.cells(unmentioned(w.person).Say(" (no engineer of the roster)")))
	}
	return t
}

// cells is a line of the table. Where there is no budget there is a dash.
func (w workload) cells(who triage.Prose) []Cell {
	texts := []string{"–", "–", "–", "–", strconv.Itoa(w.assigned), "–"}
	if w.engineer && w.WorkingDays > 0 {
		texts = []string{
			strconv.Itoa(w.WorkingDays), strconv.Itoa(w.DaysAway), fmt.Sprintf("%d %%", w.availability()), w.budgetText(), strconv.Itoa(w.assigned), w.left().String(),
		}
	}
	row := []Cell{{Text: who}}
	for _, text := range texts {
		row = append(row, Cell{Text: triage.Say(text)})
	}
	return row
}

// budgetText is the budget that counts, and the exact one where that is another: "6 (6.4)".
func (b Budget) budgetText() string {
	if b.Exact != b.Rounded {
		return b.Rounded.String() + " (" + b.Exact.String() + ")"
	}
	return b.Rounded.String()
}

// awaySection lists who is away when, so that people see that they were heard.
func (s Snapshot) awaySection() Section {
	section, m := Section{Name: "away", Title: "Away", Folded: true}, s.Calendar.Milestone(s.Milestone)
	for _, e := range s.engineers() {
		var days []string
		for _, r := range s.away(e) {
			if r.meets(m) {
				days = append(days, r.inWords())
			}
		}
		if len(days) > 0 {
			section.Rows = append(section.Rows, Row{Text: unmentioned(e).Say(": " + joinWords(days))})
		}
	}
	section.Count = len(section.Rows)
	return section
}
