package command_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"flowkeeper/bot/command"
)

// FuzzRead checks that whatever is run is shown: each command found stands at the beginning of a line of a top-level paragraph of the
// rendered comment. To find it there again, a word that occurs nowhere else is put behind its prefix.
func FuzzRead(f *testing.F) {
	eachComment(f, func(_, comment, _ string) { f.Add(comment) })
	for _, s := range hostile() {
		f.Add(s[:min(len(s), 2000)] + "\n\n/flow next")
	}
	r := command.New("flow", "flowkeeper")
	f.Fuzz(func(t *testing.T, comment string) {
		found := r.Read(comment)
		if len(comment) > 10_000 {
			return // the page takes longer than the reading
		}
		checkLines(t, comment, found)
		words, marked := mark(strings.ReplaceAll(comment, "\r", ""), found)
		shown := shownWords(t, marked)
		for _, word := range words {
			if !shown[word] {
				t.Errorf("%s of %q is no line of a paragraph in %q", word, comment, page(marked))
			}
		}
	})
}

// checkLines checks what is promised of the lines by themselves.
func checkLines(t *testing.T, comment string, found []command.Line) {
	t.Helper()
	last, lines := 0, strings.Count(comment, "\n")+1
	if len(found) > 20 {
		t.Errorf("%d commands are too many", len(found))
	}
	for _, l := range found {
		if l.Number <= last || l.Number > lines {
			t.Errorf("line %d comes after %d, of %d", l.Number, last, lines)
		}
		last = l.Number
		if !utf8.ValidString(l.Text) || l.Text != strings.Join(strings.Fields(l.Text), " ") || strings.ContainsFunc(l.Text, unicode.IsControl) {
			t.Errorf("%q is not one line of clean text", l.Text)
		}
	}
}

// mark puts a word of its own behind the prefix of every command.
func mark(comment string, found []command.Line) (words []string, marked string) {
	lines := strings.Split(comment, "\n")
	for _, l := range found {
		line := lines[l.Number-1]
		prefix := "/flow"
		if l.Mention {
			prefix = "@flowkeeper"
		}
		at := strings.Index(strings.ToLower(line), prefix)
		word := fmt.Sprintf("qzx%dxzq", l.Number)
		words = append(words, word)
		lines[l.Number-1] = line[:at+len(prefix)] + " " + word + " " + strings.TrimPrefix(line[at+len(prefix):], ".")
	}
	return words, strings.Join(lines, "\n")
}

// reference is Markdown without anything of ours.
var reference = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithRendererOptions(html.WithUnsafe()),
)

func page(comment string) string {
	var b bytes.Buffer
	if err := reference.Convert([]byte(comment), &b); err != nil {
		return err.Error()
	}
	return b.String()
}

// shownWords are the marking words that stand behind a prefix at the beginning of a line of a paragraph, as a browser shows the page.
func shownWords(t *testing.T, comment string) map[string]bool {
	t.Helper()
	body := &dom.Node{Type: dom.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := dom.ParseFragment(strings.NewReader(page(comment)), body)
	if err != nil {
		t.Skipf("the page cannot be read: %v", err) // too deep
	}
	words := map[string]bool{}
	for _, n := range nodes {
		topLevel(n, words)
	}
	return words
}

// topLevel collects the words of a paragraph that is a child of the body, or would be without elements that are no HTML.
func topLevel(n *dom.Node, words map[string]bool) {
	switch {
	case n.Type != dom.ElementNode:
	case n.DataAtom == atom.P:
		var text strings.Builder
		paragraphText(n, &text)
		for line := range strings.SplitSeq(text.String(), "\n") {
			rest, ok := strings.CutPrefix(strings.ToLower(visible(line)), "/flow ")
			if !ok {
				rest, ok = strings.CutPrefix(strings.ToLower(visible(line)), "@flowkeeper ")
			}
			if word, _, _ := strings.Cut(rest, " "); ok {
				words[word] = true
			}
		}
	case noHTML(n):
		for c := range n.ChildNodes() {
			topLevel(c, words)
		}
	}
}

// paragraphText writes the text of a paragraph without what is not plain text in it.
func paragraphText(n *dom.Node, text *strings.Builder) {
	for c := range n.ChildNodes() {
		if c.Type == dom.TextNode {
			text.WriteString(c.Data)
			continue
		}
		switch c.DataAtom {
		case atom.Br:
			text.WriteString("\n")
			continue
		case atom.B, atom.Big, atom.Em, atom.Font, atom.I, atom.Nobr, atom.Small, atom.Span, atom.Strong, atom.U:
			paragraphText(c, text)
			continue
		}
		if noHTML(c) {
			paragraphText(c, text)
		} else {
			text.WriteString("\ufffd")
		}
	}
}

// noHTML is true of elements that HTML does not know, and that GitLab leaves out. The names of some are known as those of attributes.
func noHTML(n *dom.Node) bool {
	switch n.DataAtom {
	case 0, atom.Name, atom.Value, atom.Type, atom.Id, atom.Href, atom.Src:
		return true
	}
	return false
}

// visible is what can be seen of a line.
func visible(line string) string {
	line = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r):
			return -1
		}
		return r
	}, line)
	return strings.Join(strings.Fields(line), " ")
}

// hostile are texts that parsers of Markdown or HTML take long for, or deep stacks, each of a megabyte.
func hostile() map[string]string {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	half := func(s, end string) string {
		return strings.Repeat(s, size/2/len(s)) + strings.Repeat(end, size/2/len(end))
	}
	ticks := func() string {
		var b strings.Builder
		for n := 1; b.Len() < size; n++ {
			b.WriteString(strings.Repeat("`", n) + " ")
		}
		return b.String()[:size]
	}
	return map[string]string{
		"words":                fill("word "),
		"lines":                fill("word\n"),
		"commands":             fill("/flow next\n"),
		"paragraphs":           fill("/flow next\n\n"),
		"nested quotes":        fill("> "),
		"nested quotes packed": fill(">"),
		"quotes growing":       growing("> ", size),
		"nested lists":         growing("  ", size),
		"lists in one line":    fill("- "),
		"numbered lists":       fill("1. "),
		"brackets":             fill("["),
		"brackets closed":      half("[", "]"),
		"links nested":         half("[", "](a)"),
		"images nested":        half("![", "](a)"),
		"link destinations":    fill("[a](<b"),
		"link titles":          fill("[a](b \""),
		"references":           fill("[a]: /b\n"),
		"references open":      fill("[a]: /b \"\n"),
		"references named":     fill("[a][b] "),
		"footnotes":            fill("[^1]: a\n\n"),
		"footnote marks":       fill("[^1]") + "\n\n[^1]: a",
		"emphasis":             fill("*a_"),
		"stars":                fill("*"),
		"stars apart":          fill("*a **a "),
		"emphasis nested":      half("*a ", " a*"),
		"strikes":              fill("~a ~~a "),
		"ticks growing":        ticks(),
		"ticks":                fill("` `` "),
		"dollars":              fill("$a "),
		"dollars doubled":      fill("$$ $ "),
		"dollars with ticks":   fill("$`a "),
		"angles":               fill("<"),
		"tags":                 fill("<b>"),
		"tags closed":          half("<b>", "</i>"),
		"tags in blocks":       fill("<div>\n\n"),
		"tags open":            fill("<a b=\""),
		"tags open over lines": fill("<a b=\n"),
		"comments":             fill("<!--"),
		"comments in a line":   fill("a <!-- "),
		"instructions":         fill("a <? "),
		"declarations":         fill("a <!A "),
		"sections":             fill("a <![CDATA[ "),
		"entities":             fill("&a"),
		"backslashes":          fill("\\"),
		"tables":               "|" + strings.Repeat("a|", size/4) + "\n|" + strings.Repeat("-|", size/4),
		"table rows":           "|a|\n|-|\n" + fill("|a|\n"),
		"table cells":          strings.Repeat("|a", 500) + "\n" + strings.Repeat("|-", 500) + "\n" + fill("a\n"),
		"terms":                fill("a\n: b\n\n"),
		"colons":               fill(": "),
		"fences":               fill("```\n"),
		"fences open":          fill("~~~ a\n\n"),
		"quote fences":         fill(">>>\n"),
		"quote fences growing": growing(">", size),
		"front matter":         "---\n" + fill("a\n"),
		"blank lines":          fill("\n"),
		"blanks":               fill(" "),
		"tabs":                 fill("\t"),
		"tabs in quotes":       fill(">\t"),
		"unseen characters":    fill("\u200b"),
		"zero bytes":           fill("\x00"),
		"invalid bytes":        fill("\xff"),
		"setext":               fill("a\n=\n"),
		"underlines":           fill("a\n-"),
		"carriage returns":     fill("\r"),
	}
}

// growing repeats lines that are each one piece longer than the one before.
func growing(piece string, size int) string {
	var b strings.Builder
	for n := 1; b.Len() < size; n++ {
		b.WriteString(strings.Repeat(piece, n) + "- a\n")
	}
	return b.String()
}

// TestHostile reads texts that are made to take long, with a command before, so that they are parsed, and one after. It promises no time;
// a text that takes for ever is stopped by the test's deadline.
func TestHostile(t *testing.T) {
	r := command.New("flow", "flowkeeper")
	for name, text := range hostile() {
		for shape, comment := range map[string]string{
			"after a command": "/flow next\n\n" + text,
			"cut":             "/flow next\n\n" + text[:60_000] + "\n\n/flow back\n",
			"one paragraph":   "/flow next\n" + text[:60_000] + "\n/flow back",
		} {
			t.Run(name+"/"+shape, func(t *testing.T) {
				found := r.Read(comment)
				checkLines(t, comment, found)
				if shape != "one paragraph" && (len(found) == 0 || found[0] != command.Line{Number: 1, Text: "next"}) {
					t.Errorf("the command at the beginning is not found: %v", found)
				}
			})
		}
	}
}
