package rules

import "flowkeeper/rules/triage"

// commandResume lifts the silence or the suspension of a rule on the issue.
var commandResume = triage.Command{
	Name: "resume", Args: "<rule|all>", Summary: "Lets a rule speak again on this issue.", Example: "resume needs-type",
	Who: triage.Member, OnlySilences: true, Closed: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		rule, rest := splitRule(call, call.Args)
		_, all := in.Memory.Silences[triage.AllRules]
		switch {
		case call.Args == "":
			return refuseWithoutRule(in.Team, "resume <rule|all>", "resume all")
		case rule == "":
			return refuseRule(in, call, "resume", call.Args)
		case rest != "":
			return refuseMore(in.Team, "resume "+rule, rest)
		case !isSilenced(in.Memory, rule) && rule == triage.AllRules:
			return triage.Refuse(triage.Say("no rule is quiet here"))
		case !isSilenced(in.Memory, rule) && all:
			return triage.Refuse(triage.Say("all rules are quiet here; " + in.Team.CommandCode("resume all") + " ends that"))
		case !isSilenced(in.Memory, rule):
			return triage.Refuse(triage.Say(triage.Code(rule) + " is not quiet here; " + in.Team.CommandCode("why "+rule) + " tells what it says"))
		}
		return triage.Outcome{Reason: "lets " + ruleInWords(rule) + " speak again", Changes: []triage.Change{triage.Resume{Rule: rule}}, RecheckAll: true}
	},
}

// ruleInWords is a rule in a sentence: "needs-type", "all rules".
func ruleInWords(rule string) string {
	if rule == triage.AllRules {
		return "all rules"
	}
	return rule
}
