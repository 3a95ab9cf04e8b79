package rules

import "flowkeeper/rules/triage"

// milestoneNeedsType follows the engineering workflow that "Workflow" refers to: what is scheduled has a type.
var milestoneNeedsType = triage.Rule{
	Meta: triage.Meta{
		ID:      "milestone-needs-type",
		Summary: "Reminds of the type label of an issue with a milestone.",
		Section: "Workflow",
		On:      triage.Opened | triage.LabelsChanged | triage.MilestoneChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case in.Issue.Milestone == 0:
			return triage.Nothing("the issue has no milestone")
		case in.ScopedValue(triage.TypeScope) != "":
			return triage.Nothing("the issue with a milestone has a type")
		}
		return triage.Ask("the issue has a milestone and no type label", typeItem(in))
	},
}
