package scenario_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestMistakes: whatever a policy author gets wrong is named.
func TestMistakes(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":          {"", "no event"},
		"a misspelt part":  {"-- isue --\n", `reading part "isue": unknown part, allowed: team`},
		"a misspelt field": {"-- issue --\nlabel: [UX]\n-- event --\n", `unknown field "label"`},
		"a misspelt kind":  {"-- event --\nkind: open\n", `unknown kind "open", allowed: opened`},
		"broken YAML":      {"-- issue --\nlabels: [UX\n-- event --\n", `reading part "issue"`},
		"a lone decision":  {"-- decision --\n", "a decision comes after its event"},
		"an unknown role":  {"-- team --\nroles: {boss: [ann]}\n-- event --\n", `unknown role "boss"`},
		"an unknown rule":  {"-- rules --\nneeds-typ: act\n-- event --\n", `no rule "needs-typ"`},
		"too far a mode":   {"-- rules --\nweight-scale: act\n-- event --\n", `cannot have mode "act", at most remind`},
		"unknown option":   {"-- rules --\nweight-research: {below: 2}\n-- event --\n", `no option "below"`},
		"a strange rule":   {"-- rules --\nneeds-type: 3\n-- event --\n", "a mode or {mode"},
		"a strange weight": {"-- event --\nweight: much\n", "a number or none is wanted"},
	}
	policy := engine.Policy{Settings: engine.Defaults(rules.Catalogue())}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Parse([]byte(tt.text), triage.TeamConfig{Side: "backend"})
			if err == nil {
				_, err = s.Play(policy)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want something with %q", err, tt.want)
			}
		})
	}
}
