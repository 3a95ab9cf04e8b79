package note_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

func TestRead(t *testing.T) {
	const marker = `<!-- flowkeeper:v1 {"d":"abc","said":["r"]} -->`
	known := triage.Memory{HasLine: map[string]bool{"r": true}, Note: triage.NoteRef{Digest: "abc"}}
	tests := []struct {
		name, body string
		want       triage.Memory
		state      note.State
	}{
		{name: "our note", body: "✅ All set.\n\n" + marker, want: known, state: note.Known},
		{name: "marker only", body: marker, want: known, state: note.Known},
		{name: "other line ends", body: "✅ All set.\r\n\r\n" + marker + "\r\n", want: known, state: note.Known},
		{name: "blanks at the end", body: "✅ All set.\n\n" + marker + "  \n\t\n\n", want: known, state: note.Known},
		{name: "close behind the details", body: "<details><summary>Why</summary>\n\n- a\n\n</details>\n" + marker, want: known, state: note.Known},
		{name: "unknown keys", body: `<!-- flowkeeper:v1 {"d":"abc","said":["r"],"later":[1]} -->`, want: known, state: note.Known},
		{name: "pending items are not restored", body: `<!-- flowkeeper:v1 {"d":"abc","said":["r"],"items":{"a/b":{"s":"pending"}}} -->`, want: known, state: note.Known},
		{name: "a title of several lines", body: `<!-- flowkeeper:v1 {"items":{"a/b":{"s":"met","t":"A\n/close"}}} -->`,
			want: triage.Memory{Items: map[string]triage.ItemState{"a/b": {State: triage.ItemMet, Title: "A /close"}}}, state: note.Known},
		{name: "of another issue", body: `<!-- flowkeeper:v1 {"bump":{"f":2,"t":3},"d":"abc","of":[7,12],"said":["r"]} -->`,
			want: triage.Memory{Issue: &triage.Issue{Ref: triage.Ref{Project: 7, IID: 12}}, Bump: &triage.Bump{From: 2, To: 3}}, state: note.Copied},
		{name: "newer", body: `<!-- flowkeeper:v2 {"d":[]} -->`, want: triage.Memory{Note: triage.NoteRef{NewerVersion: true}}, state: note.Newer},
		{name: "much newer", body: `<!-- flowkeeper:v10000000000000000000000 whatever -->`, want: triage.Memory{Note: triage.NoteRef{NewerVersion: true}}, state: note.Newer},
		{name: "never written", body: `<!-- flowkeeper:v0 {} -->`, state: note.Broken},
		{name: "broken", body: `<!-- flowkeeper:v1 {"d":"abc" -->`, state: note.Broken},
		{name: "of another shape", body: `<!-- flowkeeper:v1 {"said":"r"} -->`, state: note.Broken},
		{name: "emptied", body: `<!-- flowkeeper:v1 -->`, state: note.Broken},
		{name: "empty body", body: "", state: note.Unmarked},
		{name: "no marker", body: "✅ All set.", state: note.Unmarked},
		{name: "other comment", body: "<!-- flowkeeper -->", state: note.Unmarked},
		{name: "not the last line", body: marker + "\n\nwords", state: note.Unmarked},
		{name: "within a line", body: "words " + marker, state: note.Unmarked},
		{name: "quoted", body: "> " + marker, state: note.Unmarked},
		{name: "indented code", body: "words\n\n    " + marker, state: note.Unmarked},
		{name: "in a fence", body: "```\n" + marker + "\n```", state: note.Unmarked},
		{name: "in an open fence", body: "```\n" + marker, state: note.Unmarked},
		{name: "in an open fence with blank lines", body: "~~~\ncode\n\n" + marker + "\n\n", state: note.Unmarked},
		{name: "in an element for code", body: "<pre>\n\n" + marker, state: note.Unmarked},
		{name: "in an open comment", body: "<!-- a\n" + marker + " b", state: note.Unmarked},
		{name: "something behind it", body: marker + ".", state: note.Unmarked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, state := note.ParseMarker(tt.body, triage.Ref{})
			if state != tt.state {
				t.Errorf("state %d, want %d", state, tt.state)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("memory (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkerRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, s := drawMemory(t), drawShortNote(t)
		want := triage.Memory{
			Items: map[string]triage.ItemState{}, Mentioned: map[string]bool{}, HasLine: map[string]bool{},
			BotChanges: m.BotChanges, Undone: m.Undone, Suspensions: m.Suspensions, Silences: m.Silences, Requested: m.Requested, Bump: m.Bump, WeightDropped: m.WeightDropped,
			Note: triage.NoteRef{Digest: note.Digest(s), Shown: slices.Clone(s.Lines), Dismissed: m.Note.Dismissed},
		}
		for _, item := range s.Items {
			want.Note.Shown = append(want.Note.Shown, item.Key)
		}
		for key, item := range m.Items {
			if item.State != triage.ItemPending {
				want.Items[key] = item
			}
		}
		for key, asked := range m.Mentioned {
			if asked {
				want.Mentioned[key] = true
			}
		}
		for key, said := range m.HasLine {
			if said {
				want.HasLine[key] = true
			}
		}
		body := note.Render(s, nil, m)
		got, state := note.ParseMarker(strings.ReplaceAll(body, "\n", "\r\n")+"\r\n ", triage.Ref{})
		if state != note.Known {
			t.Fatalf("state %d of\n%s", state, body)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("memory (-want +got):\n%s", diff)
		}
	})
}

// drawShortNote draws what rules really say, as far as a marker keeps it.
func drawShortNote(t *rapid.T) engine.Note {
	item := rapid.Custom(func(t *rapid.T) engine.NoteItem {
		return engine.NoteItem{Key: rapid.StringN(0, 15, -1).Draw(t, "key"), Title: "A weight", Met: rapid.Bool().Draw(t, "met")}
	})
	return engine.Note{
		Items: rapid.SliceOfN(item, 0, 4).Draw(t, "items"),
		Lines: rapid.SliceOfN(rapid.StringN(0, 15, -1), 0, 2).Draw(t, "lines"),
	}
}

// drawMemory draws a memory small enough to be kept whole, with texts of every kind.
func drawMemory(t *rapid.T) triage.Memory {
	text := rapid.OneOf(rapid.StringN(0, 15, -1), rapid.SampledFrom([]string{"-->", "--!>", "<!--", "\u2028", `"`, "a\nb", "rule/slot"}))
	title := rapid.StringMatching(`([A-Za-z~*é]{1,9} ){0,3}[a-z]{1,9}`)
	flags := rapid.MapOfN(text, rapid.Bool(), 0, 4)
	undoings := rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) triage.Undoing {
		return triage.Undoing{By: text.Draw(t, "by"), What: text.Draw(t, "what"), Removed: rapid.Bool().Draw(t, "removed")}
	}), 0, 3)
	m := triage.Memory{
		Items: rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) triage.ItemState {
			state := rapid.SampledFrom([]string{triage.ItemPending, triage.ItemOpen, triage.ItemMet}).Draw(t, "state")
			return triage.ItemState{State: state, Title: title.Draw(t, "title")}
		}), 0, 4).Draw(t, "items"),
		Mentioned: flags.Draw(t, "asked"),
		BotChanges: rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) triage.BotChange {
			return triage.BotChange{Rule: text.Draw(t, "rule"), Value: rapid.Int().Draw(t, "value"), Removed: rapid.Bool().Draw(t, "removed")}
		}), 0, 3).Draw(t, "own"),
		Undone:      undoings.Draw(t, "undone"),
		Suspensions: undoings.Draw(t, "suspended"),
		Silences: rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) triage.Silence {
			return triage.Silence{Until: drawTime(t), By: text.Draw(t, "by"), Why: title.Draw(t, "why")}
		}), 0, 3).Draw(t, "silenced"),
		Requested: rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) triage.RequestedItem {
			return triage.RequestedItem{
				Command: text.Draw(t, "command"), Title: title.Draw(t, "title"), Text: text.Draw(t, "text"), Quote: title.Draw(t, "quote"),
				Asks: []triage.Role{triage.Quality}, By: text.Draw(t, "by"), At: drawTime(t), State: text.Draw(t, "state"),
			}
		}), 0, 2).Draw(t, "raised"),
		HasLine:       flags.Draw(t, "said"),
		WeightDropped: rapid.Bool().Draw(t, "dropped"),
		Issue:         &triage.Issue{Title: "not kept"},
		Note: triage.NoteRef{
			ID: 7, Digest: "of the note before", Shown: []string{"what it said"}, Dismissed: rapid.SliceOfN(text, 0, 3).Draw(t, "dismissed"),
		},
	}
	if rapid.Bool().Draw(t, "bumped") {
		m.Bump = &triage.Bump{From: 2, To: rapid.IntRange(0, 9).Draw(t, "to"), Suggested: rapid.Bool().Draw(t, "offered")}
	}
	return m
}

// drawTime draws a time, or none.
func drawTime(t *rapid.T) time.Time {
	if s := rapid.Int64Range(0, 1<<32).Draw(t, "time"); s > 0 {
		return time.Unix(s, 0).UTC()
	}
	return time.Time{}
}

// What people said is cut to what the note shows of it, so that the note says the same before and after its marker is read.
func TestMarkerCutsWords(t *testing.T) {
	long := strings.Repeat("a word\n", 100)
	short := strings.Repeat("a word ", 11) + "a…"
	m := triage.Memory{
		Silences:  map[string]triage.Silence{"rule": {By: "omar", Why: long}},
		Requested: map[string]triage.RequestedItem{"unclear/7": {Command: "unclear", Title: "A clarification", Quote: long}},
	}
	sticky := func(m triage.Memory) engine.Note {
		return engine.Note{
			Items:    []engine.NoteItem{{Key: "unclear/7", Title: "A clarification", Quote: m.Requested["unclear/7"].Quote}},
			Inactive: []engine.InactiveRule{{Rule: "rule", Asked: true, Why: m.Silences["rule"].Why}},
		}
	}
	got, state := note.ParseMarker(note.Render(sticky(m), nil, m), triage.Ref{})
	if state != note.Known || got.Silences["rule"].Why != short || got.Requested["unclear/7"].Quote != short {
		t.Errorf("state %d, silenced %+v, raised %+v; want words cut to %q", state, got.Silences, got.Requested, short)
	}
	if note.Digest(sticky(m)) != note.Digest(sticky(got)) {
		t.Error("the digest of the note changes when its marker is read")
	}
}

func TestMarkerStaysSmall(t *testing.T) {
	m := triage.Memory{Items: map[string]triage.ItemState{}, Mentioned: map[string]bool{}, BotChanges: map[string]triage.BotChange{}}
	for i := range 60 {
		key := fmt.Sprintf("rule-number-%d/slot", i)
		m.Items[key] = triage.ItemState{State: triage.ItemOpen, Title: strings.Repeat("long ", 100)}
		m.Mentioned[key] = true
		m.BotChanges[fmt.Sprintf("label:%d%s", i, strings.Repeat("x", 200))] = triage.BotChange{Rule: "rule"}
	}
	m.Silences, m.Requested = map[string]triage.Silence{}, map[string]triage.RequestedItem{}
	for i := range 10 {
		m.Silences[fmt.Sprintf("rule-number-%d", i)] = triage.Silence{By: "omar", Why: strings.Repeat("é", 100)}
		m.Requested[fmt.Sprintf("unclear/%d", i)] = triage.RequestedItem{Command: "unclear", Title: "A clarification", Text: "The goal is not clear.", Quote: strings.Repeat("é", 100)}
	}
	body := note.Render(engine.Note{Lines: []string{"Weight 2: spikes are timeboxed."}}, nil, m)
	if len(body) > 9000 {
		t.Errorf("%d bytes", len(body))
	}
	got, state := note.ParseMarker(body, triage.Ref{})
	if state != note.Known || len(got.Items) != 60 || len(got.Mentioned) != 60 || len(got.Silences) != 10 || len(got.Requested) != 10 {
		t.Errorf("state %d, %d items, %d asked, %d silenced, %d raised; want all of them", state, len(got.Items), len(got.Mentioned), len(got.Silences), len(got.Requested))
	}
}

// FuzzRead requires that a body is read without harm whatever it holds, and that only its last line counts.
func FuzzRead(f *testing.F) {
	f.Add(note.Render(engine.Note{Lines: []string{"a"}}, nil, triage.Memory{HasLine: map[string]bool{"r": true}}))
	f.Add("<!-- flowkeeper:v1 {\"items\":null} -->")
	f.Add("<!-- flowkeeper:v2 -->")
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m, state := note.ParseMarker(body, triage.Ref{})
		if state != note.Known && cmp.Diff(triage.Memory{Note: triage.NoteRef{NewerVersion: state == note.Newer}}, m) != "" {
			t.Errorf("state %d with memory %+v", state, m)
		}
		trimmed := strings.TrimSpace(body)
		if state != note.Unmarked && !strings.HasPrefix(trimmed[strings.LastIndex(trimmed, "\n")+1:], "<!-- flowkeeper:v") {
			t.Errorf("a marker is seen in %q", body)
		}
		if _, state := note.ParseMarker(body+"\n\nwords", triage.Ref{}); state != note.Unmarked {
			t.Errorf("a marker is seen in the middle of %q", body)
		}
	})
}

// TestMarkerNamesItsSubject: it is read there, and on no other, be it of the same number.
func TestMarkerNamesItsSubject(t *testing.T) {
	subjects := []triage.Ref{
		{Project: 7, IID: 12}, {Project: 7, IID: 13}, {Project: 8, IID: 12}, {Project: 7, Kind: triage.SubjectMergeRequest, IID: 12},
	}
	for _, here := range subjects {
		m := triage.Memory{Issue: &triage.Issue{Ref: here}, HasLine: map[string]bool{"r": true}}
		body := note.Render(engine.Note{Lines: []string{"Weight 2: spikes are timeboxed."}}, nil, m)
		answer := note.RenderReply(triage.Reply{}, nil, here, 99, "x")
		if got, state := note.ParseMarker(body, here); state != note.Known || !got.HasLine["r"] {
			t.Errorf("on %s: state %d, %+v", here, state, got)
		}
		if _, _, ok := note.ParseReply(answer, here); !ok {
			t.Errorf("the answer on %s is not known there: %s", here, answer)
		}
		if strings.ContainsAny(answer, "#") || strings.Contains(body, "#12") || strings.Contains(body+answer, "!12") {
			t.Errorf("GitLab rewrites references in what it copies: %s, %s", body, answer)
		}
		for _, there := range subjects {
			if there == here {
				continue
			}
			if got, state := note.ParseMarker(body, there); state != note.Copied || got.HasLine != nil || got.Issue.Ref != here {
				t.Errorf("the note of %s on %s: state %d, %+v", here, there, state, got)
			}
			if _, _, ok := note.ParseReply(answer, there); ok {
				t.Errorf("the answer on %s is known on %s", here, there)
			}
			if note.DraftMarker(here, 99) == note.DraftMarker(there, 99) {
				t.Errorf("follow-ups of %s and %s have one marker", here, there)
			}
		}
	}
}

// TestMarkersOfIssuesStayAsTheyAre: they are found on GitLab years later.
func TestMarkersOfIssuesStayAsTheyAre(t *testing.T) {
	on := triage.Ref{Project: 7, IID: 12}
	if _, state := note.ParseMarker(`<!-- flowkeeper:v1 {"d":"abc","of":[7,12]} -->`, on); state != note.Known {
		t.Errorf("a note: state %d", state)
	}
	if got, _, ok := note.ParseReply("<!-- flowkeeper:re 7:12 99 -->", on); !ok || got != 99 {
		t.Errorf("an answer: %d, %v", got, ok)
	}
	if got, want := note.DraftMarker(on, 99), "<!-- flowkeeper:follow-up 7#12 99 -->"; got != want {
		t.Errorf("a follow-up: %s, want %s", got, want)
	}
}
