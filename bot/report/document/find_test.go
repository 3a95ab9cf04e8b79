package document_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
)

// TestMarksOfOthers: marks that people show each other, in code, in a quote, in a list or within a line, are none.
func TestMarksOfOthers(t *testing.T) {
	block := document.Wrap(k, content("x "))
	begin, end := "<!-- flowkeeper:begin triage -->", "<!-- flowkeeper:end triage -->"
	for name, around := range map[string]string{
		"in a fence":        "```\n" + begin + "\n" + end + "\n```\n\n",
		"in indented code":  "    " + begin + "\n    " + end + "\n\n",
		"in a quote":        "> " + begin + "\n> " + end + "\n\n",
		"in a list":         "- " + begin + "\n- " + end + "\n\n",
		"within a line":     "The bot writes " + begin + " and `" + end + "`.\n\n",
		"in a comment":      "<!-- kept:\n" + begin + "\n\n",
		"of another kind":   "<!-- flowkeeper:begin build -->\n<!-- flowkeeper:end build -->\n\n",
		"in preformatted":   "<pre>\n" + begin + "\n</pre>\n\n",
		"with a blank":      " " + begin + "x\n\n",
		"with other spaces": "<!--flowkeeper:begin triage-->\n\n",
	} {
		for where, text := range map[string]string{"before": around + block, "behind": block + "\n\n" + around} {
			b, err := document.Parse(text, k)
			if err != nil || len(b.Boxes) != 2 {
				t.Errorf("marks %s %s the block: %+v, %v", name, where, b, err)
			}
			if got := document.Replace(text, k, content("  ")); got != text {
				t.Errorf("marks %s %s the block, which says the same again: %q became %q", name, where, text, got)
			}
		}
		if _, err := document.Parse(around, k); !errors.Is(err, document.ErrNoBlock) {
			t.Errorf("marks %s alone: %v", name, err)
		}
	}
}

// TestBlockAmongPeoplesText: the block is found wherever people's text leaves it a comment.
func TestBlockAmongPeoplesText(t *testing.T) {
	block := document.Wrap(k, content("x "))
	for _, text := range []string{
		"words right before\n" + block + "\nwords right behind",
		"- a list\n" + block + "\n- another",
		"<details><summary>The report</summary>\n" + block + "\n</details>",
		"<details>\n\n" + block + "\n\n</details>\n",
		"| a |\n|---|\n| b |\n" + block,
		strings.ReplaceAll("words\n\n"+block+"\n\nwords", "\n", "\r\n"),
		block + " words on its last line",
	} {
		b, err := document.Parse(text, k)
		if err != nil || len(b.Boxes) != 2 || b.State.Mailed[0] != "mia" {
			t.Errorf("%q: %+v, %v", text, b, err)
		}
		if got := document.Replace(text, k, content("  ")); got != text {
			t.Errorf("the same again: %q became %q", text, got)
		}
	}
}

// TestHiddenBlock: where a block at the end would be code, none is written, however often it is tried.
func TestHiddenBlock(t *testing.T) {
	for _, text := range []string{"```\nnobody closes this", "<!-- nor this", "<pre>\nnor this"} {
		if got := document.Replace(text, k, content(" ")); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestBrokenState: a state that somebody changed is an error and no state.
func TestBrokenState(t *testing.T) {
	good := document.StateMark(planning.State{Mailed: []string{"mia"}})
	for name, inner := range map[string]string{
		"no JSON":      "<!-- flowkeeper:state {\"mail\":[ -->",
		"another type": "<!-- flowkeeper:state {\"mail\":7} -->",
		"two":          good + "\n" + good,
		"empty":        "<!-- flowkeeper:state  -->",
	} {
		if _, err := document.Parse(document.Wrap(k, inner), k); !errors.Is(err, document.ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := document.Parse(document.Wrap(k, "- [ ] "+good), k)
	if err != nil || len(b.State.Mailed) != 0 {
		t.Errorf("a state within a line counts: %+v, %v", b, err)
	}
}

// FuzzBlock: whatever a description holds, what is around the block stays byte for byte, so do the marks, and doing it again changes nothing.
func FuzzBlock(f *testing.F) {
	block := document.Wrap(k, content("xX~- "))
	for _, seed := range []string{"", block, "a\r\n" + block + "\r\nb", "```\n" + block, block + block, "<!-- " + block, "<details>\n" + block + "\n</details>"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		checkBlock(t, before, after, "xX~- ", "     x")
	})
}

// TestAnyBlock is the same for texts that look more like ours.
func TestAnyBlock(t *testing.T) {
	around := rapid.SliceOf(rapid.SampledFrom([]string{
		"\n", "\r\n", "\n\n", "words", "- [x] ", "> ", "```", "    ", "<!-- ", " -->", "<details>", "</details>", "| a |", "|---|", "<pre>", "$$", "---",
		"<!-- flowkeeper:begin triage -->", "<!-- flowkeeper:end triage -->", "<!-- flowkeeper:begin build -->", "<!-- flowkeeper:state {} -->",
	}))
	rapid.Check(t, func(t *rapid.T) {
		before, after := strings.Join(around.Draw(t, "before"), ""), strings.Join(around.Draw(t, "after"), "")
		checkBlock(t, before, after, rapid.StringMatching(`[ xX~-]{0,6}`).Draw(t, "old"), rapid.StringMatching(`[ x]{0,6}`).Draw(t, "new"))
	})
}

// checkBlock replaces and ticks a block between texts.
func checkBlock(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, before, after, old, fresh string) {
	t.Helper()
	text := before + document.Wrap(k, content(old)) + after
	was, err := document.Parse(text, k)
	replaced := document.Replace(text, k, content(fresh))
	if ticked := document.Tick(text, k, func(document.Box) bool { return true }); err != nil && ticked != text {
		t.Fatalf("%q: ticked although %v: %q", text, err, ticked)
	}
	if err != nil && !errors.Is(err, document.ErrNoBlock) && replaced != text {
		t.Fatalf("%q: replaced although %v: %q", text, err, replaced)
	}
	if errors.Is(err, document.ErrNoBlock) && !strings.HasPrefix(replaced, text) {
		t.Fatalf("%q became %q", text, replaced)
	}
	if again := document.Replace(replaced, k, content(fresh)); again != replaced {
		t.Fatalf("%q became %q, and then %q", text, replaced, again)
	}
	if err != nil || was.Content != content(old) {
		return // the block is another one than that between the texts
	}
	if !strings.HasPrefix(replaced, before) || !strings.HasSuffix(replaced, after) {
		t.Fatalf("%q became %q", text, replaced)
	}
	now, err := document.Parse(replaced, k)
	if err != nil {
		t.Fatalf("%q became %q: %v", text, replaced, err)
	}
	for n := range min(len(was.Boxes), len(now.Boxes)) {
		if mark := was.Boxes[n].Mark; mark != planning.Unticked && now.Boxes[n].Mark != mark {
			t.Fatalf("%q: the mark %q became %q in %q", text, mark, now.Boxes[n].Mark, replaced)
		}
	}
}
