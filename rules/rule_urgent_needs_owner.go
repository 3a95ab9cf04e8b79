package rules

import "flowkeeper/rules/triage"

// urgentNeedsOwner follows "Triage Process": what is severity 1 gets priority 1 or 2 and is assigned to a team member.
var urgentNeedsOwner = triage.Rule{
	Meta: triage.Meta{
		ID:      "urgent-needs-owner",
		Summary: "Asks for the priority and the assignee of an issue of severity 1; in mode act, adds priority 1 where there is none.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged | triage.AssigneesChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if in.ScopedValue(triage.SeverityScope) != "1" {
			return triage.Nothing("the issue is not severity 1")
		}
		var v triage.Verdict
		var lacks []string
		manager := []triage.Role{triage.EngineeringManager}
		most := levelLabel(in, triage.PriorityScope, "1")
		switch in.ScopedValue(triage.PriorityScope) {
		case "1", "2":
		case "":
			lacks = append(lacks, "a priority")
			offer := levelItem(in, triage.PriorityScope)
			offer.Asks, offer.Triage = manager, false
			v.Actions, v.Suggestion = []triage.Action{most}, &offer
		default:
			lacks = append(lacks, "priority 1 or 2")
			v.Items = append(v.Items, triage.Item{
				Slot: "priority", Title: "Priority 1 or 2", Text: "Severity 1 does not wait.", Do: triage.HowTo(most), Asks: manager,
			})
		}
		if len(in.Issue.Assignees) == 0 {
			lacks = append(lacks, "an assignee")
			v.Items = append(v.Items, assigneeItem("", manager))
		}
		if len(lacks) == 0 {
			return triage.Nothing("the issue of severity 1 is priority 1 or 2 and has an assignee")
		}
		v.Reason = "the issue of severity 1 lacks " + joinWords(lacks)
		return v
	},
}
