package rules

import "flowkeeper/rules/triage"

// commandRecheck has all rules look at the issue afresh.
var commandRecheck = triage.Command{
	Name: "recheck", Summary: "Reads the issue afresh and lets all rules look at it now.", Example: "recheck",
	Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		if call.Args != "" {
			return refuseMore(in.Team, "recheck", call.Args)
		}
		return triage.Outcome{Reason: "has all rules look at the issue", RecheckAll: true}
	},
}
