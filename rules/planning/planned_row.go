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
	return Row{Issue: &row, Text: joinProse(append([]triage.Prose{s.weightText(i)}, more...))}, true
}

// joinProse joins what there is to say by commas.
func joinProse(parts []triage.Prose) triage.Prose {
	var text triage.Prose
	for _, p := range parts {
		switch {
		case len(p) == 0:
		case text == nil:
			text = append(text, p...)
		default:
			text = append(text.Say(", "), p...)
		}
	}
	return text
}

// weightText says what an issue weighs for the team; of one of the other side, what its weight says.
func (s Snapshot) weightText(i *Issue) triage.Prose {
	in := s.facts(i)
	w := weightOf(&in)
	switch {
	case s.Team.Scale.Off():
		return nil
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
