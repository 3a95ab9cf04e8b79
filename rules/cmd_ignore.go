package rules

import "flowkeeper/rules/triage"

// commandIgnore silences a rule on the issue for good. The note says who did so and why.
var commandIgnore = triage.Command{
	Name: "ignore", Args: "<rule> <why>", Summary: "Silences a rule on this issue for good.", Example: "ignore needs-type this is only a question",
	Who: triage.Member, OnlySilences: true, Closed: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		rule, rest := splitRule(call, call.Args)
		why := quotableText(triage.Call{Args: rest})
		switch {
		case call.Args == "":
			return refuseWithoutRule(in.Team, "ignore <rule> <why>", "ignore needs-type this is only a question")
		case rule == "":
			return refuseRule(in, call, "ignore", call.Args)
		case rule == triage.AllRules:
			return triage.Refuse(triage.Say("not all rules at once can be ignored for good; " + in.Team.CommandCode("snooze all 90d") + " silences them for a while"))
		case why == "":
			return triage.Refuse(triage.Say("it is missing why: " + in.Team.CommandCode("ignore "+rule+" <why>") + ". For a while, without a reason: " + in.Team.CommandCode("snooze "+rule+" 7d")))
		}
		if call.Internal {
			why = "" // everybody can read the note
		}
		return triage.Outcome{Reason: "ignores " + rule + " on this issue", Changes: []triage.Change{triage.Snooze{Rule: rule, Why: why}}}
	},
}
