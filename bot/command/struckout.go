package command

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	struck "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// struckOut parses what is ~struck out~ or ~~struck out~~. goldmark's own parser pairs two tildes with one and looks at a long run from
// each of its signs.
type struckOut struct{}

// Trigger gives the sign that a pair is made of.
func (struckOut) Trigger() []byte { return []byte{'~'} }

// Parse reads a run of tildes. More than two are text.
func (struckOut) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	run := len(line) - len(bytes.TrimLeft(line, "~"))
	segment = segment.WithStop(segment.Start + run)
	if run > 2 {
		block.Advance(run)
		return ast.NewTextSegment(segment)
	}
	pairing, ok := pc.Get(tildesKey).(*tildes)
	if !ok {
		pairing = &tildes{}
		pc.Set(tildesKey, pairing)
	}
	node := parser.ScanDelimiter(line, before, 1, pairing)
	if node == nil {
		return nil
	}
	node.Segment = segment
	block.Advance(run)
	pc.PushDelimiter(node)
	return node
}

// CloseBlock ends the pairing of a paragraph.
func (struckOut) CloseBlock(_ ast.Node, _ text.Reader, pc parser.Context) { pc.Set(tildesKey, nil) }

var tildesKey = parser.NewContextKey()

// tildes pairs the tildes of one paragraph as GitLab does: one with one and two with two. Where the nearest do not fit, there are no more
// pairs in the paragraph.
type tildes struct{ over bool }

// IsDelimiter is true of a tilde.
func (*tildes) IsDelimiter(b byte) bool { return b == '~' }

// CanOpenCloser reports whether two runs are a pair.
func (t *tildes) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	switch {
	case t.over || opener.Char != closer.Char:
		return false
	case opener.OriginalLength == closer.OriginalLength:
		return true
	}
	t.over = !closer.CanOpen && !opener.CanClose // else one and two are passed over, as with emphasis
	return false
}

// OnMatch gives the node of a pair.
func (*tildes) OnMatch(int) ast.Node { return struck.NewStrikethrough() }
