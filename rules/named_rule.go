package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// splitRule finds the rule, or "all", that a command's text begins with, and the rest. Blanks and case do not count, so that "Needs type 7d"
// names needs-type. The rule is "" if the text begins with none.
func splitRule(call triage.Call, text string) (rule, rest string) {
	words := strings.Fields(text)
	for n := min(len(words), mostWords); n > 0; n-- {
		name := strings.TrimRight(strings.Trim(triage.Unquote(strings.Join(words[:n], " ")), `"'`), ".,:?!")
		for _, known := range slices.Concat(call.Rules, []string{triage.AllRules}) {
			if strings.EqualFold(known, strings.NewReplacer(" ", "-", "_", "-").Replace(name)) {
				return known, strings.Join(words[n:], " ")
			}
		}
	}
	return "", text
}

// mostWords is more than the name of any rule has. Behind it people may write as much as a comment holds.
const mostWords = 8

// refuseWithoutRule refuses a command that names no rule.
func refuseWithoutRule(team *triage.Team, usage, example string) triage.Outcome {
	return triage.Refuse(triage.Say("a rule is missing: " + team.CommandCode(usage) + ", for example " + team.CommandCode(example)))
}

// refuseRule refuses an unknown rule and names the one that was probably meant, with the command that would work.
func refuseRule(in triage.Input, call triage.Call, command, written string) triage.Outcome {
	first, _, _ := strings.Cut(written, " ")
	all := "; " + in.Team.CommandCode("why") + " lists all rules"
	why := triage.Say("there is no rule ").Quote(first)
	for _, name := range []string{triage.Unquote(written), triage.Unquote(first)} {
		if near := triage.Nearest(name, call.Rules); near != "" {
			return triage.Refuse(why.Say("; did you mean " + in.Team.CommandCode(command+" "+near) + "?" + strings.Replace(all, ";", "", 1)))
		}
	}
	return triage.Refuse(why.Say(all))
}

// isSilenced reports whether a rule, or with "all" any rule, is silenced or suspended on the issue.
func isSilenced(m *triage.Memory, rule string) bool {
	_, silenced := m.Silences[rule]
	_, suspended := m.Suspensions[rule]
	if rule == triage.AllRules {
		return len(m.Silences)+len(m.Suspensions)+len(m.Undone) > 0
	}
	return silenced || suspended
}
