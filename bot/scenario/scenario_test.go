package scenario_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestMistakes: whatever a policy author gets wrong is named.
func TestMistakes(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":          {"", "line 1: the scenario has no event"},
		"a misspelt part":  {"A story.\n\n-- isue --\n", `line 3: unknown part "isue", allowed: team`},
		"a misspelt field": {"-- issue --\nlabel: [UX]\n-- event --\n", `line 2: unknown field "label"`},
		"a misspelt kind":  {"-- event --\nkind: open\n", `unknown kind "open", allowed: opened`},
		"broken YAML":      {"-- issue --\nlabels: [UX\n-- event --\n", "line 2: "},
		"a lone decision":  {"-- decision --\n", "a decision comes after its event"},
		"an unknown role":  {"-- team --\nroles: {boss: [ann]}\n-- event --\n", `unknown role "boss"`},
		"an unknown rule":  {"\n-- rules --\nneeds-typ: act\n-- event --\n", `line 2: there is no rule "needs-typ"`},
		"too far a mode":   {"-- rules --\nweight-scale: act\n-- event --\n", `cannot have mode "act", at most remind`},
		"unknown option":   {"-- rules --\nweight-research: {below: 2}\n-- event --\n", `no option "below"`},
		"two decisions":    {"-- event --\n-- decision --\n-- decision --\n", "line 3: the event of line 1 has two decisions"},
		"a strange scope":  {"-- team --\nscope: some\n-- event --\n", `scope "some": all or labelled`},
		"a strange time":   {"-- event --\n-- event --\nkind: woken\nafter: 3 days\n", `"3 days" is not a time that passes: write 90s, 5m, 1h30m or 7d`},
		"time runs back":   {"-- event --\nafter: -3h\n", "is not a time that passes"},
		"no time passes":   {"-- event --\n-- event --\nkind: later\n", "line 2: part \"event\": of kind later there is nothing but after"},
		"somebody later":   {"-- event --\n-- event --\nkind: later\nafter: 2d\nby: ann\n", "nothing but after"},
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

// TestTimePasses: the bot is woken when it wanted to be and never else, and of that is shown what is new.
func TestTimePasses(t *testing.T) {
	const text = `About.
-- issue --
labels: ["workflow::refinement"]
-- event --
kind: opened
-- event --
kind: later
after: 4m
-- event --
kind: later
after: 1d12h
-- event --
kind: later
after: 31d
`
	s, err := scenario.Parse([]byte(text), triage.TeamConfig{Side: "backend"})
	if err != nil {
		t.Fatal(err)
	}
	settings := slices.DeleteFunc(engine.Defaults(rules.Catalogue()), func(s engine.Setting) bool {
		return s.ID != "needs-type" && s.ID != "refinement-needs-assignee"
	})
	got, err := s.Play(engine.Policy{Settings: settings, Grace: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"look again in 5m0s\n",
		"nothing happens\nlook again in 1m0s\n",
		"after 1m0s:\nneeds-type: the issue has no type label\nnote: [ ] A type label: `/label ~\"type::bug\"`, feature or maintenance.\nlook again in 131h56m0s\n",
		"after 5d11h56m0s:\nrefinement-needs-assignee: the issue has been in refinement for 5 working days without an assignee\n" +
			"needs-type: the issue has no type label\n" +
			"note: [ ] An assignee. Its breakdown has waited for 5 working days. Use `/assign @name`. asks engineering_manager\n" +
			"note: [ ] A type label: `/label ~\"type::bug\"`, feature or maintenance.\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("-want +got\n", diff)
	}
}
