package command

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// WithoutCode is the part of a text that is read, with U+001A in the place of every byte of code and raw HTML: what stands there is an example, or
// is not shown at all. Lines stay where they are. It takes as long as reading the commands of a comment.
func WithoutCode(written string) string {
	source := []byte(readablePart(written))
	blanked := append([]byte(nil), source...)
	pc, effort := limitEffort(source)
	doc := newMarkdown().Parser().Parse(text.NewReader(source), parser.WithContext(pc))
	// The visitor gives no error.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeBlock:
			blankLines(blanked, n.Lines())
		case *ast.FencedCodeBlock:
			blankLines(blanked, n.Lines())
			if n.Info != nil {
				blank(blanked, n.Info.Segment)
			}
		case *ast.HTMLBlock:
			blankLines(blanked, n.Lines())
			blank(blanked, n.ClosureLine)
		case *ast.RawHTML:
			blankLines(blanked, n.Segments)
		case *ast.CodeSpan:
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					blank(blanked, t.Segment)
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return string(blanked[:min(effort.end, len(blanked))])
}

func blankLines(source []byte, lines *text.Segments) {
	for n := range lines.Len() {
		blank(source, lines.At(n))
	}
}

// blank overwrites a segment, but for the ends of its lines.
func blank(source []byte, s text.Segment) {
	for n := max(0, s.Start); n < min(s.Stop, len(source)); n++ {
		if source[n] != '\n' {
			source[n] = '\x1a'
		}
	}
}
