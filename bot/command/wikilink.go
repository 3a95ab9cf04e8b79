package command

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// maxWikiLink bounds a link to a page of the wiki, in bytes: GitLab takes 1,000 for each side of its bar.
const maxWikiLink = 2 << 10

// wikiLink parses [[page]] and [[title|page]], which may go on over several lines. They are links and become code spans here.
type wikiLink struct{}

// Trigger gives the sign that every such link begins with.
func (wikiLink) Trigger() []byte { return []byte{'['} }

// Parse reads a link. Brackets that nothing closes are left to others.
func (wikiLink) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	if line, _ := block.PeekLine(); !bytes.HasPrefix(line, []byte("[[")) {
		return nil
	}
	at, position := block.Position()
	block.Advance(2)
	span := ast.NewCodeSpan()
	for read := 0; read < maxWikiLink; {
		line, segment := block.PeekLine()
		if line == nil {
			break
		}
		end := unescapedBracket(line)
		if end < 0 {
			span.AppendChild(span, ast.NewRawTextSegment(segment))
			read += len(line)
			block.AdvanceLine()
			continue
		}
		if bytes.HasPrefix(line[end:], []byte("]]")) {
			span.AppendChild(span, ast.NewRawTextSegment(segment.WithStop(segment.Start+end)))
			block.Advance(end + 2)
			return span
		}
		break
	}
	block.SetPosition(at, position)
	return nil
}

// unescapedBracket is the place of the first bracket without a backslash before it, -1 for none.
func unescapedBracket(line []byte) int {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '[', ']':
			return i
		}
	}
	return -1
}
