package rules

import (
	"strconv"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// refinementNeedsAssignee follows "Issue refinement": the engineering manager distributes the breakdown.
var refinementNeedsAssignee = triage.Rule{
	Meta: triage.Meta{
		ID:         "refinement-needs-assignee",
		Summary:    "Asks the engineering manager to assign an issue that has been in refinement for days without an assignee.",
		OwnSummary: "Asks the engineering manager to assign an issue that has been {in refinement} for days without an assignee.",
		States:     [][]triage.Meaning{{triage.Refinement}},
		Section:    "Issue refinement",
		On:         triage.Opened | triage.LabelsChanged | triage.AssigneesChanged | triage.Woken,
		Mode:       triage.Remind,
		MaxMode:    triage.Remind,
		Options:    []triage.Option{{Name: "days", Help: "working days in refinement before it asks", Default: 5, Min: 1, Max: 60}},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		days := opt.Int("days")
		switch {
		case !in.Is(triage.Refinement):
			return in.NotIn(triage.Refinement)
		case len(in.Issue.Assignees) > 0:
			return triage.Nothing("the issue " + in.Where() + " has an assignee")
		}
		due := planning.AddWorkingDays(in.Memory.StateEntry.At, days)
		if in.Now.Before(due) {
			v := triage.Nothing("the issue has been " + in.Where() + " for less than " + workingDays(days))
			v.Wake = due
			return v
		}
		item := assigneeItem("Its breakdown has waited for "+workingDays(days)+".", []triage.Role{triage.EngineeringManager})
		return triage.Ask("the issue has been "+in.Where()+" for "+workingDays(days)+" without an assignee", item)
	},
}

func workingDays(n int) string {
	if n == 1 {
		return "a working day"
	}
	return strconv.Itoa(n) + " working days"
}

// assigneeItem asks for an assignee: a manager assigns somebody, everybody else themselves. Why is a sentence of its own, or "".
func assigneeItem(why string, asks []triage.Role) triage.Item {
	whom := "me"
	if len(asks) > 0 {
		whom = "@name"
	}
	return triage.Item{Slot: "assignee", Title: "An assignee", Text: why, Do: triage.Code("/assign " + whom), Asks: asks}
}
