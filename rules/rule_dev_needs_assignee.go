package rules

import "flowkeeper/rules/triage"

// devNeedsAssignee follows "Workflow labels": an engineer works on what is in development.
var devNeedsAssignee = triage.Rule{
	Meta: triage.Meta{
		ID:         "dev-needs-assignee",
		Summary:    "Reminds of the assignee of an issue in development.",
		OwnSummary: "Reminds of the assignee of an issue {in development}.",
		States:     [][]triage.Meaning{{triage.Development}},
		Section:    "Workflow labels",
		On:         triage.Opened | triage.LabelsChanged | triage.AssigneesChanged,
		Mode:       triage.Remind,
		MaxMode:    triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Is(triage.Development):
			return in.NotIn(triage.Development)
		case len(in.Issue.Assignees) > 0:
			return triage.Nothing("the issue " + in.Where() + " has an assignee")
		}
		item := assigneeItem("", nil)
		if who := worksOn(in); who != "" && in.Knows(triage.NeedMergeRequests) {
			item.Do = triage.Code("/assign @" + who)
		}
		return triage.Ask("the issue is "+in.Where()+" and nobody is assigned", item)
	},
}
