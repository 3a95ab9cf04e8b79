package rules

import "flowkeeper/rules/triage"

// commandWhy tells what the rules say of the issue, all of them or one in full.
var commandWhy = triage.Command{
	Name: "why", Args: "[rule]", Summary: "Tells what each rule says of the issue and why, or all about one rule.", Example: "why needs-type",
	Who: triage.Anyone, Closed: true, Answers: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		rule, rest := splitRule(call, call.Args)
		switch {
		case call.Args != "" && rule == "":
			return refuseRule(in, call, "why", call.Args)
		case rest != "":
			return refuseMore(in.Team, "why "+rule, rest)
		case rule == triage.AllRules:
			rule = ""
		}
		out := triage.Outcome{Reason: "tells what the rules say", Explain: &rule, EvenOutOfScope: true}
		if rule != "" {
			out.Reason = "tells what " + rule + " says"
		}
		return out
	},
}
