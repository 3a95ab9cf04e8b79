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

// TestDecisionIsLinked: where the bot's own pages are known, the details end with a link to those of the issue; an address that would not stay one
// in Markdown links nowhere. The link is no reason to edit a note.
func TestDecisionIsLinked(t *testing.T) {
	s := engine.Note{
		Items: []engine.NoteItem{{Key: "needs-type/type", Title: "A type label"}},
		Why:   []engine.Why{{Rule: "needs-type", Section: "Workflow", Reason: "x"}},
	}
	const pages = "https://flow.example.com/admin"
	issue, merge := triage.Ref{Project: 7, IID: 12}, triage.Ref{Project: 7, IID: 12, Kind: triage.SubjectMergeRequest}
	for _, test := range []struct {
		admin string
		on    triage.Ref
		want  string
	}{
		{pages, issue, "Everything I know: `/flow why`, or [all decisions](" + pages + "/decisions/7/12)."},
		{pages, merge, "or [all decisions](" + pages + "/decisions/7/merge_requests/12)."},
		{"", issue, "Everything I know: `/flow why`.\n"},
		{pages, triage.Ref{}, "Everything I know: `/flow why`.\n"},
		{"https://a) [x](y", issue, "Everything I know: `/flow why`.\n"},
		{"javascript:alert(1)", issue, "Everything I know: `/flow why`.\n"},
	} {
		body := note.RenderOn(test.on, s, triage.NewTeam(triage.TeamConfig{Admin: test.admin}), triage.Memory{})
		notetest.CheckNote(t, body)
		if !strings.Contains(body, test.want) {
			t.Errorf("%q on %s: there is no %q in\n%s", test.admin, test.on, test.want, body)
		}
	}
}
