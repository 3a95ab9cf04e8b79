package document_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
)

const (
	k     = planning.KindTriage
	issue = "https://gitlab.example/g/p/-/issues/"
)

// content is a block's content with a box for each mark, in a section.
func content(marks string) string {
	lines := []string{document.StateMark(planning.State{Mailed: []string{"mia"}}), document.SectionMark("past-slo")}
	for n, m := range marks {
		lines = append(lines, "- ["+string(m)+"] ["+string(rune('a'+n))+"]("+issue+string(rune('1'+n))+") words")
	}
	return strings.Join(lines, "\n")
}

// marks are the marks in a block.
func marks(t *testing.T, description string) string {
	t.Helper()
	b, err := document.Parse(description, k)
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, x := range b.Boxes {
		all += string(x.Mark)
	}
	return all
}

// TestBlock: what was put into a description is read from it.
func TestBlock(t *testing.T) {
	text := document.Marker(k, "2026-11-30") + "\n" + document.Replace("people's words\r\n", k, content(" x"))
	b, err := document.Parse(text, k)
	want := []document.Box{{Section: "past-slo", Item: issue + "1", Mark: " "}, {Section: "past-slo", Item: issue + "2", Mark: "x", Ours: false}}
	if diff := cmp.Diff(want, b.Boxes); err != nil || diff != "" || b.State.Mailed[0] != "mia" {
		t.Errorf("%v %+v\n%s", err, b.State, diff)
	}
	if kind, key, ok := document.FindMarker(text); kind != k || key != "2026-11-30" || !ok {
		t.Errorf("the marker is of %s %s, %t", kind, key, ok)
	}
	if b.Boxes[0].URL() != issue+"1" {
		t.Errorf("the box is of %q", b.Boxes[0].URL())
	}
}

// TestBrokenBlocks: of what is broken nothing is changed.
func TestBrokenBlocks(t *testing.T) {
	whole := document.Wrap(k, content(" "))
	for name, c := range map[string]struct {
		text string
		err  error
	}{
		"no block":  {"words", document.ErrNoBlock},
		"no end":    {strings.TrimSuffix(whole, "<!-- flowkeeper:end triage -->"), document.ErrNoEnd},
		"no begin":  {strings.TrimPrefix(whole, "<!-- flowkeeper:begin triage -->"), document.ErrNoEnd},
		"swapped":   {"<!-- flowkeeper:end triage -->\n<!-- flowkeeper:begin triage -->", document.ErrNoEnd},
		"two":       {whole + "\n" + whole, document.ErrSeveral},
		"two ends":  {whole + "\n<!-- flowkeeper:end triage -->", document.ErrSeveral},
		"other one": {document.Wrap(planning.KindBuild, ""), document.ErrNoBlock},
	} {
		if _, err := document.Parse(c.text, k); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(c.err, document.ErrNoBlock) {
			continue
		}
		if got := document.Replace(c.text, k, "new"); got != c.text {
			t.Errorf("%s: replaced by %q", name, got)
		}
		if got := document.Tick(c.text, k, func(document.Box) bool { return true }); got != c.text {
			t.Errorf("%s: ticked in %q", name, got)
		}
	}
}

// TestMarks: what people made of a box stays, also that they took the bot's tick away.
func TestMarks(t *testing.T) {
	text := document.Replace("", k, content("     "))
	for n, m := range []string{"x", "X", "~", "-"} {
		url := issue + string(rune('1'+n)) + ")"
		at := strings.LastIndex(text[:strings.Index(text, url)], "[ ]")
		text = text[:at] + "[" + m + "]" + text[at+3:]
	}
	if got := marks(t, document.Replace(text, k, content("     "))); got != "xX~- " {
		t.Errorf("composed afresh: %q", got)
	}
	if got := marks(t, document.Replace(text, k, content("xxxxx"))); got != "xX~-x" {
		t.Errorf("composed afresh, with all done: %q", got)
	}
	all := func(document.Box) bool { return true }
	ticked := document.Tick(text, k, all)
	if got := marks(t, ticked); got != "xX~-x" {
		t.Errorf("ticked: %q", got)
	}
	undone := strings.ReplaceAll(ticked, "[x] [e]", "[ ] [e]")
	for name, got := range map[string]string{
		"ticked":               document.Tick(undone, k, all),
		"composed afresh":      document.Replace(undone, k, content("xxxxx")),
		"composed as not done": document.Replace(undone, k, content("     ")),
	} {
		if marks(t, got) != "xX~- " || marks(t, document.Tick(got, k, all)) != "xX~- " {
			t.Errorf("undone by a person, then %s: %q", name, marks(t, got))
		}
	}
}

// TestOutsideIsKept: whatever stands around the block stays byte for byte, and doing it again changes nothing.
func TestOutsideIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		around := rapid.StringMatching(`([a-z <>!/-]|\r?\n|- \[[ x]\] |<!-- )*`)
		before, after := around.Draw(t, "before"), around.Draw(t, "after")
		text := before + document.Wrap(k, content(rapid.StringMatching(`[ xX~-]{0,5}`).Draw(t, "old"))) + after
		fresh := content(rapid.StringMatching(`[ x]{0,5}`).Draw(t, "new"))
		for name, got := range map[string]string{
			"replaced": document.Replace(text, k, fresh),
			"ticked":   document.Tick(text, k, func(b document.Box) bool { return b.Item != issue+"1" }),
		} {
			if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || document.Outside(got, k) != document.Outside(text, k) {
				t.Fatalf("%s: %q became %q", name, text, got)
			}
		}
		once := document.Replace(text, k, fresh)
		if twice := document.Replace(once, k, fresh); twice != once {
			t.Fatalf("%q became %q", once, twice)
		}
	})
}
