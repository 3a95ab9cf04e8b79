package command_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	struck "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
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
		checkLines(t, comment, r.Read(comment))
		// Comments are UTF-8 without NUL: JSON has the one, GitLab's database the other. The reference would take what is not for other
		// characters than it shows.
		comment = strings.ReplaceAll(strings.ToValidUTF8(comment, "\ufffd"), "\x00", "\ufffd")
		found := r.Read(comment)
		if len(comment) < 10_000 { // a page takes longer than the reading
			checkShown(t, comment, found)
		}
	})
}

// failer is a test, or a draw of rapid's.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Skipf(format string, args ...any)
}

var (
	// emptyCells are cells of a table with nothing in them.
	emptyCells = regexp.MustCompile(`\|[ \t]*\|`)
	// oddBlanks stand before what may be the second line of a table.
	oddBlanks = regexp.MustCompile(`(?m)^[ \t]*[\v\f]`)
	// The beginnings of footnotes whose text stands far in, and of descriptions with a tilde, are taken by the reference for other things.
	farFootnotes = regexp.MustCompile(`(?m)^([ >]*\[\^[^\]\s]+\]:)[ \t]+`)
	tildeTerms   = regexp.MustCompile(`(?m)^( {0,3})~([ \t])`)
)

// checkShown checks that every command found is a line of a paragraph on the page.
func checkShown(t failer, comment string, found []command.Line) {
	t.Helper()
	if strings.Contains(comment, "$") || strings.Contains(comment, ">>>") || strings.Contains(comment, ":::") {
		return // the reference knows neither formulas nor fenced quotes, and finds other things in them; testdata has those
	}
	if emptyCells.MatchString(comment) {
		return // the reference leaves out empty cells at a row's end, which GitLab counts: what is a table for one is none for the other
	}
	if oddBlanks.MatchString(comment) {
		return // GitLab takes a vertical tab for a blank around cells, the reference for text
	}
	comment = farFootnotes.ReplaceAllString(strings.ReplaceAll(comment, "\r", ""), "$1 ")
	words, marked := mark(tildeTerms.ReplaceAllString(comment, "$1:$2"), found)
	shown := shownWords(t, marked)
	for _, word := range words {
		if !shown[word] {
			t.Errorf("%s of %q is no line of a paragraph in %q", word, comment, page(marked))
		}
	}
}

// checkLines checks what is promised of the lines by themselves.
func checkLines(t failer, comment string, found []command.Line) {
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
	goldmark.WithExtensions(extension.Linkify, extension.Table, extension.TaskList, extension.Footnote, extension.DefinitionList),
	goldmark.WithParserOptions(parser.WithInlineParsers(util.Prioritized(strikes{}, 500))),
	goldmark.WithRendererOptions(html.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500))),
)

// strikes pairs one tilde with one and two with two, as GitLab does; where the nearest does not fit, the rest of the paragraph has no pair.
// Goldmark's own pairs two with one.
type strikes struct{}

func (strikes) Trigger() []byte { return []byte{'~'} }

func (strikes) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	of, _ := pc.Get(inParagraph).(*pairs)
	if of == nil {
		of = &pairs{}
		pc.Set(inParagraph, of)
	}
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	node := parser.ScanDelimiter(line, before, 1, of)
	if node == nil || node.OriginalLength > 2 || before == '~' {
		return nil
	}
	node.Segment = segment.WithStop(segment.Start + node.OriginalLength)
	block.Advance(node.OriginalLength)
	pc.PushDelimiter(node)
	return node
}

func (strikes) CloseBlock(_ ast.Node, _ text.Reader, pc parser.Context) { pc.Set(inParagraph, nil) }

var inParagraph = parser.NewContextKey()

// pairs are those of one paragraph.
type pairs struct{ over bool }

func (*pairs) IsDelimiter(b byte) bool { return b == '~' }

func (p *pairs) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	switch {
	case p.over || opener.Char != closer.Char:
		return false
	case opener.OriginalLength == closer.OriginalLength:
		return true
	}
	p.over = !closer.CanOpen && !opener.CanClose // else one and two are passed over, as with emphasis
	return false
}

func (*pairs) OnMatch(int) ast.Node { return struck.NewStrikethrough() }

func page(comment string) string {
	var b bytes.Buffer
	if err := reference.Convert([]byte(comment), &b); err != nil {
		return err.Error()
	}
	return b.String()
}

// shownWords are the marking words that stand behind a prefix at the beginning of a line of a paragraph, as a browser shows the page.
func shownWords(t failer, comment string) map[string]bool {
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

// topLevel collects the words of a paragraph that is a child of the body, or would be without elements that mean nothing.
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
	case meaningless(n):
		for c := range n.ChildNodes() {
			topLevel(c, words)
		}
	}
}

// paragraphText writes the text of a paragraph without what is not plain text in it.
func paragraphText(n *dom.Node, text *strings.Builder) {
	for c := range n.ChildNodes() {
		switch {
		case c.Type == dom.TextNode:
			text.WriteString(c.Data)
		case c.Type == dom.CommentNode:
		case c.DataAtom == atom.Br:
			text.WriteString("\n")
		case meaningless(c):
			paragraphText(c, text)
		default:
			text.WriteString("\ufffd")
		}
	}
}

// elements are the names of all elements that HTML knows or knew. The parser's own names are of no use for that: they are those of attributes, too.
var elements = strings.Fields(`a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br
	button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure
	font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li
	link listing main map mark marquee math menu menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option output p param
	picture plaintext pre progress q rb rp rt rtc ruby s samp script search section select slot small source span strike strong style sub summary
	sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp`)

// meaningless is true of elements that only change how text looks, and of those that HTML does not know and GitLab leaves out. Browsers put
// what looks different around all that follows if nothing ends it.
func meaningless(n *dom.Node) bool {
	switch n.DataAtom {
	case atom.B, atom.Big, atom.Em, atom.Font, atom.I, atom.Nobr, atom.Small, atom.Span, atom.Strong, atom.U:
		return true
	}
	return n.Type == dom.ElementNode && !slices.Contains(elements, n.Data)
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
