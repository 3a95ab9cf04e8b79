package command

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// tableTransformer finds the tables of GitHub's Markdown: from the line before a line like |---|---| on, all of a paragraph is a table, whatever is
// written there. Its text becomes a paragraph in a quote, which nobody looks at. goldmark's own extension fills every row up to the width
// of the head and makes gigabytes of a few kilobytes.
type tableTransformer struct{}

// Transform splits a paragraph that ends in a table.
func (tableTransformer) Transform(node *ast.Paragraph, reader text.Reader, _ parser.Context) {
	lines, source := node.Lines(), reader.Source()
	for i := 1; i < lines.Len(); i++ {
		under := lines.At(i)
		columns := delimiterColumns(under.Value(source))
		if columns == 0 {
			continue
		}
		head := lines.At(i - 1)
		if len(cells(head.Value(source))) > columns {
			return // fewer would not do either for GitLab, but other parsers add the missing ones
		}
		rows := ast.NewParagraph()
		rows.Lines().AppendAll(lines.Sliced(i-1, lines.Len()))
		quote := ast.NewBlockquote()
		quote.AppendChild(quote, rows)
		node.Parent().InsertAfter(node.Parent(), node, quote)
		if i == 1 {
			node.Parent().RemoveChild(node.Parent(), node)
			return
		}
		lines.SetSliced(0, i-1)
		last := lines.At(i - 2)
		lines.Set(i-2, last.TrimRightSpace(source))
		return
	}
}

// delimiterColumns is the number of columns of a line between the head of a table and its rows, 0 if the line is something else.
func delimiterColumns(line []byte) int {
	if indent, _ := util.IndentWidth(line, 0); indent > 3 {
		return 0
	}
	columns := cells(line)
	for _, c := range columns {
		c = bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(c), []byte(":")), []byte(":"))
		if len(c) == 0 || len(bytes.Trim(c, "-")) > 0 {
			return 0
		}
	}
	return len(columns)
}

// cells splits a line at its bars, of which those at its ends mean nothing.
func cells(line []byte) [][]byte {
	line = bytes.TrimPrefix(util.TrimLeftSpace(util.TrimRightSpace(line)), []byte("|"))
	var cells [][]byte
	begin := 0
	for i, c := range line {
		if c == '|' && (i == 0 || line[i-1] != '\\') {
			cells = append(cells, line[begin:i])
			begin = i + 1
		}
	}
	if begin < len(line) {
		cells = append(cells, line[begin:])
	}
	return cells
}
