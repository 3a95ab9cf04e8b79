package rules

import (
	"strings"
	"unicode"

	"flowkeeper/rules/triage"
)

// parseOtherIssue is the issue that a command's text names, perhaps after a word such as "of": "#12". If it has to be looked up first, or cannot be
// what is meant, ok is false and out is the command's outcome. Usage and self say what would work and what an issue cannot be to itself.
func parseOtherIssue(in triage.Input, call triage.Call, before, usage, self string) (ref triage.Ref, out triage.Outcome, ok bool) {
	words := strings.Fields(call.Args)
	if len(words) > 0 && strings.EqualFold(words[0], before) {
		words = words[1:]
	}
	if len(words) == 0 {
		return ref, triage.Refuse(triage.Say("the number of the other issue is missing: " + in.Team.CommandCode(usage+" #n") + ", for example " + in.Team.CommandCode(usage+" #12"))), false
	}
	named := strings.TrimRight(triage.Unquote(words[0]), ".,;:!")
	for _, more := range words[1:] {
		if strings.ContainsFunc(more, unicode.IsDigit) {
			return ref, triage.Refuse(triage.Say("this names more than one issue: ").Quote(call.Args).Say("; write one, for example " + in.Team.CommandCode(usage+" #12"))), false
		}
	}
	switch {
	case call.Found == nil:
		return ref, triage.Outcome{Reason: "the other issue has to be looked up", FindIssue: named}, false
	case call.Found.Problem != "":
		return ref, triage.Refuse(triage.Say("").Quote(named).Say(" was not found: " + call.Found.Problem)), false
	case call.Found.Ref == in.Issue.Ref:
		return ref, triage.Refuse(triage.Say("").Quote(named).Say(" is this issue, and " + self)), false
	}
	return call.Found.Ref, triage.Outcome{}, true
}
