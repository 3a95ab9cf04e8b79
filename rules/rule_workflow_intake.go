package rules

import "flowkeeper/rules/triage"

// startLabel is the default of workflow-intake; it follows the team's own name for the scope.
const startLabel = "workflow::" + triage.StateStart

// workflowIntake follows "Workflow labels": every issue is somewhere in the workflow, a new one at its start.
var workflowIntake = triage.Rule{
	Meta: triage.Meta{
		ID:      "workflow-intake",
		Summary: "Puts a new issue without a workflow label at the start of the workflow.",
		Section: "Workflow labels",
		On:      triage.Opened,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Options: []triage.Option{{Name: "label", Help: "the label a new issue gets", Default: startLabel, State: true}},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		if in.State() != "" {
			return triage.Nothing("the issue has a workflow label")
		}
		label := opt.Text("label")
		if label == startLabel {
			label = in.Team.State(triage.StateStart)
		}
		return triage.Want("a new issue is somewhere in the workflow", triage.AddLabel{Label: label})
	},
}
