package command

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// math parses the formulas that GitLab knows within text, which may go on over several lines: $a$, $$a$$ and $`a`$. They are no more
// text than code is, and become code spans here.
type math struct{}

// Trigger gives the sign that every formula begins with.
func (math) Trigger() []byte { return []byte{'$'} }

// Parse reads a formula. Signs that nothing closes are text.
func (math) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	signs := len(line) - len(bytes.TrimLeft(line, "$"))
	after := line[signs:]
	code := signs == 1 && len(after) > 0 && after[0] == '`'
	var span ast.Node
	switch {
	case code:
		span = parseFormula(block, signs+1, closesCode)
	case signs == 1 && len(after) > 0 && !isSpace(after[0]):
		span = parseFormula(block, signs, closesDollar)
	case signs == 2:
		span = parseFormula(block, signs, closesDollars)
	}
	if span == nil {
		block.Advance(signs)
		return ast.NewTextSegment(segment.WithStop(segment.Start + signs))
	}
	return span
}

// parseFormula reads what follows the signs that open a formula, up to those that close it. If nothing closes it, it reads nothing. closes is
// asked at every dollar sign but the first: it tells the length of the closing signs, 0 for none, or that the search is over.
func parseFormula(block text.Reader, opening int, closes func(before byte, rest []byte) (length int, over bool)) ast.Node {
	at, position := block.Position()
	block.Advance(opening)
	span, before := ast.NewCodeSpan(), byte('$')
	for {
		line, segment := block.PeekLine()
		for i, c := range line {
			if c == '$' && (i > 0 || span.HasChildren()) {
				length, over := closes(before, line[i:])
				if over {
					line = nil
					break
				}
				if length > 0 {
					span.AppendChild(span, ast.NewRawTextSegment(segment.WithStop(segment.Start+i)))
					block.Advance(i + length)
					return span
				}
			}
			before = c
		}
		if line == nil {
			block.SetPosition(at, position)
			return nil
		}
		span.AppendChild(span, ast.NewRawTextSegment(segment))
		block.AdvanceLine()
	}
}

// closesDollar closes $a$. As in GitLab a blank before the sign or a digit behind it make it a price, and what was opened none either.
func closesDollar(before byte, rest []byte) (length int, over bool) {
	switch {
	case isSpace(before), len(rest) > 1 && '0' <= rest[1] && rest[1] <= '9':
		return 0, true
	case before == '\\':
		return 0, false
	}
	return 1, false
}

// closesDollars closes $$a$$.
func closesDollars(_ byte, rest []byte) (length int, over bool) {
	if bytes.HasPrefix(rest, []byte("$$")) {
		return 2, false
	}
	return 0, false
}

// closesCode closes $`a`$.
func closesCode(before byte, _ []byte) (length int, over bool) {
	if before == '`' {
		return 1, false
	}
	return 0, false
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
