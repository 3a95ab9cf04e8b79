package rules

import "flowkeeper/rules/triage"

// commandRecheck has all rules look at the issue afresh.
var commandRecheck = triage.Command{
	Name: "recheck", Summary: "Reads the issue afresh and lets all rules look at it now.", Example: "recheck",
	Who: triage.Member,
	Run: func(triage.Input, triage.Call) triage.Outcome {
		return triage.Outcome{Reason: "has all rules look at the issue", RecheckAll: true}
	},
}
