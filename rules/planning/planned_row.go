package planning

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// plannedRow names an issue with its type, priority and workflow state, its weight and what else there is to say. It is false where the report must not name
// the issue.
func (s Snapshot) plannedRow(i *Issue, more ...triage.Prose) (Row, bool) {
	in := s.facts(i)
	row, ok := s.issueRow(i, scopeLabels(&in, triage.TypeScope, triage.PriorityScope, triage.WorkflowScope)...)
	if !ok || i.Confidential {
		return Row{Issue: &row}, ok
	}
	text := s.weightText(i)
	for _, m := range more {
		if len(m) > 0 {
			text = append(text.Say(", "), m...)
		}
	}
	return Row{Issue: &row, Text: text}, true
}

// weightText says what an issue weighs for the team; of one of the other side, what its weight says.
func (s Snapshot) weightText(i *Issue) triage.Prose {
	in := s.facts(i)
	w := weightOf(&in)
	switch {
	case w != nil:
		return triage.Say("weight " + strconv.Itoa(*w))
	case in.TwoSided():
		return triage.Say("no " + s.Team.Side + " weight")
	default:
		return triage.Say("no weight")
	}
}

// hidden says that a list leaves out issues which its readers may not know.
func (s Snapshot) hidden(n int) []triage.Prose {
	if n == 0 {
		return nil
	}
	return []triage.Prose{sayf("Not listed here: %s.", countOf(n, "confidential issue"))}
}

// plannedRows name issues with their assignees.
func (s Snapshot) plannedRows(issues []*Issue) []Row {
	var rows []Row
	for _, i := range issues {
		if row, ok := s.plannedRow(i, unmentionedAll(i.Assignees)); ok {
			rows = append(rows, row)
		}
	}
	return rows
}
