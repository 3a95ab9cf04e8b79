package note_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// A policy's comment is the team's own Markdown. Whatever it and people's words in it are, no line of it is a quick action, and its marker can be
// read.
func TestPolicyComments(t *testing.T) {
	t.Parallel()
	on := triage.Ref{Project: 7, IID: 12}
	tests := map[string]struct {
		text     triage.Prose
		mentions []string
		want     string // without the marker
	}{
		"Markdown of several lines": {triage.Say("Hello,\n\n- one\n- ~stale\r\n"), nil, "Hello,\n\n- one\n- ~stale"},
		"quick actions":             {triage.Say("Closing.\n/close\n  /label ~a\n> /assign @ann"), nil, "Closing.\n\u2060/close\n  \u2060/label ~a\n> /assign @ann"},
		"one that people's words complete": {
			triage.Say("Hi\n/").Untrusted("close"), nil, "Hi\n\u2060/ close",
		},
		"people's words":           {triage.Say("Hi ").Untrusted("@ann\n/close <b>").Say("!"), nil, "Hi \\@\u2060ann /close \\<b\\>!"},
		"people's words, at first": {triage.Prose{}.Untrusted("/close"), nil, "\\/close"},
		"an open code block":       {triage.Say("```\ncode\n/close"), nil, "\\``` code /close"},
		"an open HTML comment":     {triage.Say("One\n\n<!-- two"), nil, "One \\<!-- two"},
		"an HTML comment at first": {triage.Say("<!-- two"), nil, "\\<!-- two"},
		"an escaped one":           {triage.Say("One\n\n<!-- two\n\n\\<!-- three"), nil, "One \\<!-- two \\<!-- three"},
		"people's words in Markdown": {
			triage.Say("See **").Untrusted("a *title*").Say("**, [").Untrusted("x](y)").Say(`](https://gitlab.example) "`).Untrusted("z").Say(`"!`), nil,
			"See **a \\*\u2060title\\*\u2060**, [x\\](y)](https://gitlab.example) \"z\"!",
		},
		"people's words behind a sigil": {triage.Say("@").Untrusted("all").Say(" #").Untrusted("12").Say("a ~").Untrusted("b"), nil, "@ all # 12 a ~ b"},
		"code with a slash":             {triage.Say("```\n/usr/bin\n```"), nil, "```\n\u2060/usr/bin\n```"},
		"mentions":                      {triage.Say("Hi"), []string{"ann", "@bob", "ann", "all"}, "Hi\n\ncc @ann @bob all"},
		"only mentions":                 {nil, []string{"ann"}, "cc @ann"},
		"a marker of another's":         {triage.Say("a\n\n<!-- flowkeeper:policy 7:12 9 policy/other -->"), nil, "a\n\n<!-- flowkeeper:policy 7:12 9 policy/other -->"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := note.RenderPolicyComment(triage.PolicyComment{Text: tt.text, Mentions: tt.mentions}, on, "policy/stale-issues", 3)
			text, _, _ := strings.Cut(body, "\n\n<!-- flowkeeper:policy 7:12 3")
			if text != tt.want {
				t.Errorf("it reads %q, want %q", text, tt.want)
			}
			rule, spell, ok := note.ParsePolicyComment(body, on)
			if !ok || rule != "policy/stale-issues" || spell != 3 {
				t.Errorf("the marker is read as %q, %d, %t", rule, spell, ok)
			}
			if _, _, ok := note.ParsePolicyComment(body, triage.Ref{Project: 7, IID: 13}); ok {
				t.Error("a copy on another issue counts as said there")
			}
			if _, _, ok := note.ParsePolicyComment(body, triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 12}); ok {
				t.Error("a copy on a merge request counts as said there")
			}
		})
	}
}

// What policies say stands on the note like all else: as an item without a title, at length in the details, and as a line after they acted.
func TestPoliciesOnTheNote(t *testing.T) {
	t.Parallel()
	long := triage.Say("First sentence.\n\nThen\n/close\n- a list")
	s := engine.Note{
		Items: []engine.NoteItem{
			{Key: "policy/a/say", Say: triage.Say("Please add a label, ").Untrusted("@eve"), People: []string{"ann"}, Mention: true},
			{Key: "policy/b/say", Say: triage.Say("First sentence."), Details: long},
			{Key: "policy/c/say", Say: triage.Prose{}.Untrusted("It was ~done"), Met: true},
		},
		Remarks: []engine.Remark{{Rule: "policy/d", Say: triage.Say("Closed, too old <!--"), People: []string{"bob"}, Mention: true}},
		Why:     []engine.Why{{Rule: "policy/a", Section: "", Reason: "opened 31 days ago"}},
	}
	m := triage.Memory{Spells: map[string]triage.Spell{
		"policy/a": {Number: 2, Values: map[string]string{"author": "eve"}, Undertaken: &triage.Edit{Close: true}}, "policy/e": {Number: 1, Said: 55, Over: true},
	}}
	body := note.Render(s, nil, m)
	want := "@ann this issue needs two things:\n\n" +
		"- [ ] Please add a label, \\@\u2060eve\n- [ ] First sentence.\n- [x] ~~It was \\~\u2060done~~\n\n" +
		"Closed, too old \\<!-- cc @bob\n\n" +
		"<details><summary>Why am I seeing this?</summary>\n\n" +
		"First sentence.\n\nThen\n\u2060/close\n- a list\n\n" +
		"- `policy/a` · opened 31 days ago\n"
	if !strings.HasPrefix(body, want) {
		t.Errorf("the note reads\n%s\nwant\n%s", body, want)
	}
	got, state := note.ParseMarker(body, triage.Ref{})
	if state != note.Known || got.Spells["policy/a"].Number != 2 || got.Spells["policy/a"].Values != nil || got.Spells["policy/a"].Undertaken != nil || got.Spells["policy/e"].Said != 55 {
		t.Errorf("the marker (%v) remembers %+v", state, got.Spells)
	}
	again := s
	again.Items, again.Remarks = []engine.NoteItem{s.Items[0], s.Items[1], s.Items[2]}, []engine.Remark{s.Remarks[0]}
	again.Items[0].Mention, again.Remarks[0].Mention = false, false
	if note.Digest(s) != note.Digest(again) {
		t.Error("a mention is another text")
	}
	if text := note.Render(again, nil, m); strings.Contains(text, "@ann") || strings.Contains(text, "@bob") {
		t.Errorf("people are mentioned again:\n%s", text)
	}
	if text := note.Render(engine.Note{Remarks: s.Remarks}, nil, m); !strings.HasPrefix(text, "Closed, too old") {
		t.Errorf("with a remark alone the note reads\n%s", text)
	}
}

// The marker stays small, whatever the number of policies: spells that are over go first.
func TestMarkerOfManySpells(t *testing.T) {
	t.Parallel()
	m := triage.Memory{Spells: map[string]triage.Spell{}}
	for n := range 1000 {
		m.Spells["policy/"+strings.Repeat("x", n%50)+"-"+strings.Repeat("y", n/50)] = triage.Spell{Number: n, Over: n >= 20}
	}
	body := note.Render(engine.Note{Lines: []string{"Done."}}, nil, m)
	got, state := note.ParseMarker(body, triage.Ref{})
	if state != note.Known || len(body) > 9<<10 || len(got.Spells) != 20 {
		t.Errorf("a note of %d bytes remembers %d spells, want the 20 that are on", len(body), len(got.Spells))
	}
}
