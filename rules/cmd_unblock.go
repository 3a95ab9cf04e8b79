package rules

import "flowkeeper/rules/triage"

// commandUnblock moves a blocked issue back to the state of "Workflow labels" in which it was before.
var commandUnblock = triage.Command{
	Name: "unblock", Summary: "Moves a blocked issue back to the workflow state in which it was before.", Example: "unblock",
	Section: "Workflow labels", Who: triage.Member,
	States: [][]triage.Meaning{{triage.Blocked}},
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		switch {
		case !in.Is(triage.Blocked):
			return triage.Refuse(triage.Say(in.NotIn(triage.Blocked).Reason + "; " + in.Team.CommandCode("back") + " moves it to where it came from"))
		}
		return leaveBlocked(in)
	},
}
