package command

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// fencedQuote parses what GitLab adds to CommonMark: a quote, or a box with a title, between lines of at least three ">", and the same
// with ":". Like in GitLab, one that nothing closes goes on to the end. All of it becomes one paragraph in a quote, which nobody looks at.
type fencedQuote struct{}

// quoteFence is what closes the fenced quote that is open.
type quoteFence struct {
	sign   byte
	length int
}

var quoteFenceKey = parser.NewContextKey()

// Trigger gives the signs that a fence is made of.
func (fencedQuote) Trigger() []byte { return []byte{'>', ':'} }

// Open begins a quote if the line is a fence. Behind it may stand the title of a box.
func (fencedQuote) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := reader.PeekLine()
	fence, rest := fenceOf(line)
	box := bytes.HasPrefix(rest, []byte("[!")) || fence.sign == ':'
	if fence.length < 3 || !box && len(rest) > 0 {
		return nil, parser.NoChildren
	}
	pc.Set(quoteFenceKey, fence)
	reader.AdvanceToEOL()
	quote := ast.NewBlockquote()
	quote.AppendChild(quote, ast.NewParagraph())
	return quote, parser.NoChildren
}

// Continue takes every line up to one that closes the quote.
func (fencedQuote) Continue(quote ast.Node, reader text.Reader, pc parser.Context) parser.State {
	line, segment := reader.PeekLine()
	open, _ := pc.Get(quoteFenceKey).(quoteFence)
	fence, rest := fenceOf(line)
	reader.AdvanceToEOL()
	if fence.sign == open.sign && fence.length >= open.length && len(rest) == 0 {
		return parser.Close
	}
	quote.FirstChild().Lines().Append(segment)
	return parser.Continue | parser.NoChildren
}

// Close has nothing to do.
func (fencedQuote) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph is true, as of other quotes.
func (fencedQuote) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine is false: a fence stands in by three blanks at most.
func (fencedQuote) CanAcceptIndentedLine() bool { return false }

// fenceOf reads the signs that a line begins with and what follows them, without blanks.
func fenceOf(line []byte) (fence quoteFence, rest []byte) {
	width, at := util.IndentWidth(line, 0)
	if width > 3 || at >= len(line) || line[at] != '>' && line[at] != ':' {
		return quoteFence{}, line
	}
	fence.sign = line[at]
	rest = bytes.TrimLeft(line[at:], string(fence.sign))
	fence.length = len(line) - at - len(rest)
	return fence, bytes.TrimSpace(rest)
}
