package rules

import "flowkeeper/rules/triage"

// startLabel is the default of workflow-intake; it follows the team's own name for the scope.
var startLabel = triage.Scoped("workflow", triage.HandbookWorkflow().Named(triage.Intake))

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
		start := triage.AddLabel{Label: opt.Text("label")}
		if start.Label == startLabel {
			start.Label = in.Team.State(in.Team.Workflow.Start)
		}
		return triage.Want("a new issue is somewhere in the workflow", start)
	},
}
