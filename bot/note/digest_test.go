package note_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

func TestDigest(t *testing.T) {
	base := func() engine.Note {
		return engine.Note{
			Items: []engine.NoteItem{
				{Key: "a/x", Title: "A weight", Text: "for the backend side.", Asks: []triage.Role{triage.Quality}, Mention: true},
				{Key: "a/y", Title: "A type label", Met: true},
			},
			Lines:    []string{"2 → 3: security issues are weighted one level higher."},
			Why:      []engine.Why{{Rule: "a", Section: "Triage", Reason: "it is so"}},
			Inactive: []engine.InactiveRule{{Rule: "b", What: "add ~UX", By: "omar"}},
		}
	}
	tests := []struct {
		name   string
		change func(*engine.Note)
		same   bool
	}{
		{"nothing", func(*engine.Note) {}, true},
		{"asked before", func(s *engine.Note) { s.Items[0].Mention = false }, true},
		{"what is not shown of a met item", func(s *engine.Note) { s.Items[1].Text = "other" }, true},
		{"met items first", func(s *engine.Note) { slices.Reverse(s.Items) }, true},
		{"title", func(s *engine.Note) { s.Items[0].Title = "Weight" }, false},
		{"text", func(s *engine.Note) { s.Items[0].Text = "for the frontend side." }, false},
		{"quote", func(s *engine.Note) { s.Items[0].Quote = "a" }, false},
		{"met", func(s *engine.Note) { s.Items[0].Met = true }, false},
		{"other role", func(s *engine.Note) { s.Items[0].Asks = []triage.Role{triage.AppSec} }, false},
		{"another item", func(s *engine.Note) { s.Items = append(s.Items, engine.NoteItem{Title: "A"}) }, false},
		{"no line", func(s *engine.Note) { s.Lines = nil }, false},
		{"reason", func(s *engine.Note) { s.Why[0].Reason = "it is not so" }, false},
		{"resting", func(s *engine.Note) { s.Inactive = nil }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.change(&s)
			if same := note.Digest(s) == note.Digest(base()); same != tt.same {
				t.Errorf("same digest: %v, want %v", same, tt.same)
			}
		})
	}
	t.Run("all set is all set", func(t *testing.T) {
		one := engine.Note{Items: []engine.NoteItem{{Title: "A", Met: true}}}
		two := engine.Note{Items: []engine.NoteItem{{Title: "B", Met: true}, {Title: "C", Met: true}}}
		if note.Digest(one) != note.Digest(two) || note.Digest(one) != note.Digest(engine.Note{}) {
			t.Error("notes that say the same have different digests")
		}
	})
}

// What says something else has another digest, however small the difference. Whether somebody is mentioned makes none.
func TestDigestFollowsTheBody(t *testing.T) {
	edits := []func(*engine.NoteItem){
		func(i *engine.NoteItem) { i.Title += "x" },
		func(i *engine.NoteItem) { i.Text += "x" },
		func(i *engine.NoteItem) { i.Quote += "x" },
		func(i *engine.NoteItem) { i.Met = !i.Met },
		func(i *engine.NoteItem) { i.Asks = nil },
	}
	rapid.Check(t, func(t *rapid.T) {
		one := drawNote(t)
		two := one
		two.Items = slices.Clone(one.Items)
		for i := range two.Items {
			two.Items[i].Mention = false
		}
		if note.Digest(one) != note.Digest(two) {
			t.Fatal("a mention changes the digest")
		}
		before := says(two)
		for i, item := range two.Items {
			for n, edit := range edits {
				edit(&two.Items[i])
				if after := says(two); after != before && note.Digest(one) == note.Digest(two) {
					t.Fatalf("edit %d of item %d: one digest for\n%s\nand\n%s", n, i, before, after)
				}
				two.Items[i] = item
			}
		}
		two.Lines = append(slices.Clone(one.Lines), "one more")
		if note.Digest(one) == note.Digest(two) {
			t.Fatal("a line does not change the digest")
		}
	})
}

// says is the body of a note that mentions nobody, without its marker.
func says(s engine.Note) string {
	body := note.Render(s, nil, triage.Memory{})
	return body[:strings.LastIndex(body, "<!--")]
}

// TestAfter: the note names the one whose place it takes, while it asks for something.
func TestAfter(t *testing.T) {
	const old = "https://gitlab.example/g/p/-/issues/1#note_7"
	items := []engine.NoteItem{{Key: "r/s", Title: "A weight"}}
	for name, tt := range map[string]struct {
		s    engine.Note
		says bool
	}{
		"open":          {engine.Note{Replaces: old, Items: items}, true},
		"all set":       {engine.Note{Replaces: old, Items: []engine.NoteItem{{Key: "r/s", Title: "A weight", Met: true}}}, false},
		"no address":    {engine.Note{Replaces: "javascript:alert(1)", Items: items}, false},
		"more than one": {engine.Note{Replaces: old + ") @all (", Items: items}, false},
	} {
		m := triage.Memory{Note: triage.NoteRef{Replaces: tt.s.Replaces}}
		body := note.Render(tt.s, nil, m)
		first, _, _ := strings.Cut(body, "\n")
		if strings.Contains(first, old) != tt.says {
			t.Errorf("%s: the first line is %q", name, first)
		}
		if got, _ := note.ParseMarker(body, triage.Ref{}); got.Note.Replaces != tt.s.Replaces {
			t.Errorf("%s: the marker says %q", name, got.Note.Replaces)
		}
	}
}
