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
		foreign := isInForeignStatus(in) // GitLab gives every issue some status
		switch {
		case in.State() != "" && !foreign:
			return triage.Nothing("the issue has a workflow label")
		case foreign && !in.Knows(triage.NeedDefaultStatus):
			return triage.Load("whether GitLab gave the issue its status by itself has to be looked up", triage.NeedDefaultStatus)
		case foreign && !in.Issue.DefaultStatus:
			return triage.Nothing("the issue was opened with a status that is none of the team's")
		}
		start := triage.AddLabel{Label: opt.Text("label")}
		if start.Label == startLabel {
			start.Label = in.Team.State(in.Team.Workflow.Start)
		}
		return triage.Want("a new issue is somewhere in the workflow", start)
	},
}
