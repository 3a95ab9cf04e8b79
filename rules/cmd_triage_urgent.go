package rules

import "flowkeeper/rules/triage"

// commandTriageUrgent follows "Triage Process": what is urgent is severity 1 and priority 1 and is assigned. The rule urgent-needs-owner asks
// for the assignee; it looks at once, because this does not wait.
var commandTriageUrgent = triage.Command{
	Name: "triage urgent", Summary: "Urgent: severity 1 and priority 1; asks the engineering manager for an assignee.", Example: "triage urgent",
	Section: "Triage Process", Who: triage.Member, Uses: triage.UsesLevels,
	Words: func(t *triage.Team) string {
		return "Urgent: " + levelPair(t, (*triage.Levels).Worst) + "; asks the engineering manager for an assignee."
	},
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		out := setLevels(in, (*triage.Levels).Worst)
		out.RecheckAll = len(in.Issue.Assignees) == 0
		return out
	},
}
