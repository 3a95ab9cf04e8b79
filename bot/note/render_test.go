package note_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

func teamOf(roster map[triage.Role][]string) *triage.Team {
	return &triage.Team{TeamConfig: triage.TeamConfig{Roster: roster}}
}

// mentionable is the form of the usernames that GitLab gives out, apart from names that end like a file.
var mentionable = regexp.MustCompile(`^[\w.][\w.-]*\w$`)

// mentions are the references that a note may make for a roster.
func mentions(roster map[triage.Role][]string) []string {
	var allowed []string
	for _, people := range roster {
		for _, name := range people {
			if name = strings.TrimPrefix(strings.TrimSpace(name), "@"); mentionable.MatchString(name) && name != "all" {
				allowed = append(allowed, "@"+name)
			}
		}
	}
	return allowed
}

// FuzzRender puts people's text wherever a Note may hold it. The lowest bits of shape say how many items, lines and reasons there are.
func FuzzRender(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)], hostile[(i+2)%len(hostile)], hostile[(i+3)%len(hostile)], s, uint16(i*37))
	}
	f.Fuzz(func(t *testing.T, quote, reason, what, by, username string, shape uint16) {
		var s engine.Note
		for i := range int(shape % 8) {
			s.Items = append(s.Items, engine.NoteItem{
				Key: fmt.Sprint("rule/", i), Title: ownTitles[i%len(ownTitles)], Text: ownTexts[i%len(ownTexts)], QuoteAuthor: username, Quote: quote, Then: ownTexts[i%len(ownTexts)],
				Met: shape>>3&1 == 1 && i > 1, Asks: []triage.Role{triage.Roles()[i%6], triage.Role(reason)}, Mention: shape>>4&1 == 1,
			})
		}
		for i := range int(shape >> 5 % 3) {
			s.Lines = append(s.Lines, ownTexts[i])
		}
		for range int(shape >> 7 % 3) {
			s.Why = append(s.Why, engine.Why{Rule: what, Section: by, Reason: reason})
			s.Inactive = append(s.Inactive, engine.InactiveRule{Rule: reason, What: what, By: by}, engine.InactiveRule{Rule: what, Asked: true, By: by, Why: quote})
		}
		roster := map[triage.Role][]string{
			triage.ProductManager: {username}, triage.EngineeringManager: {"maria", by}, triage.Engineers: {"omar", quote, "sam"},
		}
		m := triage.Memory{
			Items:       map[string]triage.ItemState{"rule/1": {State: triage.ItemOpen, Title: quote}, reason: {State: triage.ItemMet}},
			Suspensions: map[string]triage.Undoing{"rule": {By: by, What: what}},
			Silences:    map[string]triage.Silence{reason: {By: by, Why: quote}},
			Requested:   map[string]triage.RequestedItem{"unclear/1": {Command: "unclear", Title: what, Quote: quote, By: username}},
		}
		body := note.Render(s, teamOf(roster), m)
		notetest.CheckNote(t, body, mentions(roster)...)
		if _, state := note.ParseMarker(body, triage.Ref{}); state != note.Known {
			t.Errorf("the marker of %q is not read", body)
		}
	})
}

var (
	ownTitles = []string{"A weight", "An agreement", "A `type::` label", "Research"}
	ownTexts  = []string{
		"Use `/weight 3`.", "on the proposal, by product and by engineering.", "", "for the backend side, whatever else may be said of this issue.",
	}
)

func TestRenderIsShortForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawNote(t)
		body := note.Render(s, teamOf(drawRoster(t)), triage.Memory{})
		if n := notetest.Words(body); n > notetest.MaxWords {
			t.Fatalf("%d words before the details of\n%s", n, body)
		}
		for _, item := range s.Items {
			if title := strings.Join(strings.Fields(item.Title), " "); !item.Met && !strings.Contains(body, title) {
				t.Fatalf("the item %q is lost in\n%s", title, body)
			}
			if text := strings.Join(strings.Fields(item.Text), " "); !item.Met && !strings.Contains(body, text) {
				t.Fatalf("the text %q is lost in\n%s", text, body)
			}
		}
		if s.Open() == 0 {
			return
		}
		if n, want := strings.Count(body, "- [ ] "), s.Open(); n != want {
			t.Fatalf("%d open tasks, want %d in\n%s", n, want, body)
		}
	})
}

// The limit is met whatever the number of words, and what does not fit stands in the details.
func TestRenderIsShortAtEveryLength(t *testing.T) {
	for items := range 9 {
		for length := 1; length < 70; length++ {
			s := engine.Note{Lines: []string{strings.Repeat("line ", length%7)}}
			for i := range items {
				s.Items = append(s.Items, engine.NoteItem{
					Title: fmt.Sprintf("title%d%s.", i, strings.Repeat(" word", length-1)), Text: fmt.Sprintf("text%d is here.", i), Quote: fmt.Sprint("quote", i),
				})
			}
			body := note.Render(s, nil, triage.Memory{})
			if n := notetest.Words(body); n > notetest.MaxWords {
				t.Fatalf("%d words before the details of\n%s", n, body)
			}
			for i := range items {
				for _, part := range []string{fmt.Sprint("title", i), fmt.Sprint("text", i), fmt.Sprint("quote", i)} {
					if !strings.Contains(body, part) {
						t.Fatalf("%s is lost in\n%s", part, body)
					}
				}
			}
			notetest.CheckNote(t, body)
		}
	}
}

// Names that are no usernames may be sentences.
func TestFirstLineIsShortForAnyRoster(t *testing.T) {
	for length := 1; length < 40; length++ {
		roster := map[triage.Role][]string{}
		for i, role := range triage.Roles() {
			for j := range 10 {
				roster[role] = append(roster[role], fmt.Sprintf("m%dx%d", i, j), strings.Repeat("n ", length)+fmt.Sprint(i, j))
			}
		}
		s := engine.Note{Items: []engine.NoteItem{{Title: "A weight", Asks: triage.Roles(), Mention: true}}}
		body := note.Render(s, teamOf(roster), triage.Memory{})
		notetest.CheckNote(t, body, mentions(roster)...)
	}
}

func TestLinesAreParagraphs(t *testing.T) {
	for _, line := range []string{"/close", "\n/close", "a\n/close", "> a", "<!-- a", "<details>", "```", "~~~", "\u2028/close", " \t/close"} {
		s := engine.Note{
			Items: []engine.NoteItem{{Title: "A weight", Text: line}, {Title: line}, {Title: line, Met: true}},
			Lines: []string{line, line},
		}
		body := note.Render(s, nil, triage.Memory{})
		if _, state := note.ParseMarker(body, triage.Ref{}); state != note.Known {
			t.Errorf("%q hides the marker of\n%s", line, body)
		}
		s.Items = s.Items[:0]
		notetest.CheckNote(t, note.Render(s, nil, triage.Memory{}))
	}
}

// drawNote draws more and longer texts than any rule writes.
func drawNote(t *rapid.T) engine.Note {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("abc1  \n.,→é")), 0, 400, -1)
	items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) engine.NoteItem {
		return engine.NoteItem{
			Title:       "T" + text.Draw(t, "title"),
			Text:        text.Draw(t, "text"),
			QuoteAuthor: text.Draw(t, "from"),
			Quote:       text.Draw(t, "quote"),
			Then:        text.Draw(t, "then"),
			Met:         rapid.Bool().Draw(t, "met"),
			Asks:        rapid.SliceOfN(rapid.SampledFrom(triage.Roles()), 0, 6).Draw(t, "asks"),
			Mention:     rapid.Bool().Draw(t, "ask"),
		}
	}), 0, 20).Draw(t, "items")
	return engine.Note{
		Items: items,
		Lines: rapid.SliceOfN(text, 0, 6).Draw(t, "lines"),
		Why: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) engine.Why {
			return engine.Why{Rule: "rule", Reason: text.Draw(t, "reason")}
		}), 0, 3).Draw(t, "why"),
	}
}

func drawRoster(t *rapid.T) map[triage.Role][]string {
	name := rapid.StringOfN(rapid.RuneFrom([]rune("abc-._ ")), 0, 30, -1)
	return rapid.MapOf(rapid.SampledFrom(triage.Roles()), rapid.SliceOfN(name, 0, 20)).Draw(t, "roster")
}

func TestRenderMentionsEachOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, roster := drawNote(t), drawRoster(t)
		body := note.Render(s, teamOf(roster), triage.Memory{})
		want := map[string]bool{}
		for _, item := range s.Items {
			for _, role := range item.Asks {
				if item.Met || !item.Mention {
					continue
				}
				for _, name := range mentions(map[triage.Role][]string{role: roster[role]}) {
					want[name] = true
				}
			}
		}
		for _, name := range mentions(roster) {
			n := len(regexp.MustCompile(regexp.QuoteMeta(name)+`(\s|$)`).FindAllString(body, -1))
			if want[name] && n != 1 || !want[name] && n != 0 {
				t.Fatalf("%s is mentioned %d times (wanted: %v) in\n%s", name, n, want[name], body)
			}
		}
	})
}

func TestRenderLeavesItsArgumentAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawNote(t)
		before := fmt.Sprintf("%+v", s)
		team := teamOf(drawRoster(t))
		first := note.Render(s, team, triage.Memory{})
		if after := fmt.Sprintf("%+v", s); after != before {
			t.Fatalf("changed from\n%s to\n%s", before, after)
		}
		if second := note.Render(s, team, triage.Memory{}); second != first {
			t.Fatalf("rendered twice:\n%s\n%s", first, second)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	s := engine.Note{
		Items: []engine.NoteItem{
			{Key: "a/x", Title: "A weight", Text: "for the backend side. Use `/weight 3`.", Asks: []triage.Role{triage.EngineeringManager}, Mention: true},
			{Key: "a/y", Title: "An agreement", Text: "on the proposal, by product and by engineering.", Quote: "ask @omar about ~UX and #12"},
			{Key: "a/z", Title: "A type label", Met: true},
		},
		Lines: []string{"2 → 3: security issues are weighted one level higher."},
		Why: []engine.Why{
			{Rule: "ready-needs", Section: "Weighting issues", Reason: "the issue is ready for development and its weight is empty"},
			{Rule: "security-weight", Section: "Security Issues", Reason: "@omar set weight 2 on a ~security issue"},
		},
	}
	team := teamOf(map[triage.Role][]string{triage.EngineeringManager: {"maria"}})
	m := triage.Memory{
		Items:     map[string]triage.ItemState{"a/x": {State: triage.ItemOpen, Title: "A weight"}, "a/y": {State: triage.ItemOpen, Title: "An agreement"}},
		Mentioned: map[string]bool{"a/x": true},
		Bump:      &triage.Bump{From: 2, To: 3},
	}
	b.ReportAllocs()
	for b.Loop() {
		note.Render(s, team, m)
	}
}
