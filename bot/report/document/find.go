package document

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"flowkeeper/rules/planning"
)

// span is where a block stands: from its begin mark to behind its end mark, and its content.
type span struct{ from, to, content, contentEnd int }

func beginMark(k planning.Kind) string { return "<!-- flowkeeper:begin " + string(k) + " -->" }
func endMark(k planning.Kind) string   { return "<!-- flowkeeper:end " + string(k) + " -->" }

// find finds the block of a kind, if nothing in it is broken. Only marks that Markdown takes for comments count, not those in code, in quotes or within a line.
func find(description string, k planning.Kind) (span, error) {
	begin, end := beginMark(k), endMark(k)
	var begins, ends []int
	if strings.Contains(description, begin) || strings.Contains(description, end) {
		begins, ends = linesOf(description, begin, end)
	}
	switch {
	case len(begins) == 0 && len(ends) == 0:
		return span{}, fmt.Errorf("%s: %w", k, ErrNoBlock)
	case len(begins) > 1 || len(ends) > 1:
		return span{}, fmt.Errorf("%s: %w: leave one", k, ErrSeveral)
	case len(begins) == 0 || len(ends) == 0 || ends[0] < begins[0]:
		return span{}, fmt.Errorf("%s: %w: put %s and %s around it again, each on a line of its own", k, ErrNoEnd, begin, end)
	}
	at := span{from: begins[0], to: ends[0] + len(end), content: begins[0] + len(begin), contentEnd: ends[0]}
	inner := description[at.content:at.contentEnd]
	trimmed := strings.TrimPrefix(strings.TrimPrefix(inner, "\r"), "\n")
	at.content += len(inner) - len(trimmed)
	at.contentEnd -= len(trimmed) - len(strings.TrimSuffix(strings.TrimSuffix(trimmed, "\n"), "\r"))
	if _, err := stateOf(description[at.content:at.contentEnd]); err != nil {
		return span{}, fmt.Errorf("%s: %w: take out the line that begins with %q, and with it what was said on this issue by commands: %w", k, ErrState, statePrefix, err)
	}
	return at, nil
}

// linesOf are the places of the lines that begin with one mark and with another, as comments of the text itself.
func linesOf(description, begin, end string) (begins, ends []int) {
	source := []byte(description)
	doc := goldmark.DefaultParser().Parse(text.NewReader(source))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		block, ok := n.(*ast.HTMLBlock)
		if !ok {
			continue
		}
		for _, from := range commentLines(block) {
			switch {
			case strings.HasPrefix(description[from:], begin):
				begins = append(begins, from)
			case strings.HasPrefix(description[from:], end):
				ends = append(ends, from)
			}
		}
	}
	return begins, ends
}

// commentLines are where the lines of HTML begin that may be comments: the first line of a comment, and any line of an element that goes on until a
// blank line, such as <details>.
func commentLines(block *ast.HTMLBlock) []int {
	var starts []int
	for _, line := range block.Lines().Sliced(0, block.Lines().Len()) {
		starts = append(starts, line.Start)
	}
	if block.HasClosure() {
		starts = append(starts, block.ClosureLine.Start)
	}
	switch block.HTMLBlockType {
	case ast.HTMLBlockType2:
		return starts[:1]
	case ast.HTMLBlockType6, ast.HTMLBlockType7:
		return starts
	default:
		return nil
	}
}
