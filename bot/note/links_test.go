package note_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestRulesAreLinked: in the details each rule links to its place on the page with the rules. What is no rule, and an address that would not stay
// one in Markdown, link nowhere.
func TestRulesAreLinked(t *testing.T) {
	s := engine.Note{
		Items:    []engine.NoteItem{{Key: "needs-type/type", Title: "A type label"}},
		Why:      []engine.Why{{Rule: "needs-type", Section: "Workflow", Reason: "x"}, {Rule: "/flow unclear", Reason: "y"}},
		Inactive: []engine.InactiveRule{{Rule: "spike-weight", What: "set weight 2"}, {Rule: "all", Asked: true}, {Rule: "weight-scale", Asked: true}},
	}
	const page = "https://docs.example.com/rules.md"
	for docs, want := range map[string]int{page: 3, "": 0, "https://docs.example.com/a) [x](y": 0, "javascript:alert(1)": 0} {
		team := triage.NewTeam(triage.TeamConfig{Docs: docs})
		body := note.Render(s, team, triage.Memory{})
		notetest.CheckNote(t, body)
		if got := strings.Count(body, "]("); got != want {
			t.Errorf("page %q: %d links, want %d:\n%s", docs, got, want, body)
		}
		if docs != page {
			continue
		}
		for _, link := range []string{"[`needs-type`](" + page + "#needs-type)", "[`spike-weight`](" + page + "#spike-weight) is suspended here"} {
			if !strings.Contains(body, link) {
				t.Errorf("there is no %s in\n%s", link, body)
			}
		}
	}
}
