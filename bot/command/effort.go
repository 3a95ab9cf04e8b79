package command

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

const (
	// maxEffort bounds the work on the inside of paragraphs, in bytes that may have to be looked at. Whatever begins with a bracket or a
	// tick may be searched for its end up to the end of its paragraph, and that as often as there are brackets. This much is tens of
	// times what long comments take, and is done in half a second.
	maxEffort = 1 << 27
	// lineEffort is what going on to another line takes more.
	lineEffort = 32
	// pairEffort is what comparing two signs takes.
	pairEffort = 2
)

// effort is the work on one document.
type effort struct {
	left int
	end  int // the place in the source from where on nothing is known, because too much would have to be done

	signs int // that open or close pairs
}

var effortKey = parser.NewContextKey()

// limitEffort gives a context for the parsing of one document, and the effort spent on it.
func limitEffort(source []byte) (parser.Context, *effort) {
	e := &effort{left: maxEffort, end: len(source)}
	pc := parser.NewContext()
	pc.Set(effortKey, e)
	return pc, e
}

// spend reports whether there was enough effort left for work within a paragraph.
func (e *effort) spend(work int, paragraph ast.Node) bool {
	if e.left -= work; e.left < 0 {
		e.end = min(e.end, paragraph.Lines().At(0).Start)
	}
	return e.left >= 0
}

// limitedParser is a parser that may look at all text up to the end of the paragraph. It finds nothing more after too much effort.
type limitedParser struct{ parser.InlineParser }

// Parse parses if it may.
func (l limitedParser) Parse(paragraph ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, at := block.Position()
	lines := paragraph.Lines()
	work := lines.At(lines.Len()-1).Stop - at.Start + lineEffort*(lines.Len()-line)
	if e, ok := pc.Get(effortKey).(*effort); ok && !e.spend(work, paragraph) {
		return nil
	}
	return l.InlineParser.Parse(paragraph, block, pc)
}

// CloseBlock passes the end of a paragraph on.
func (l limitedParser) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := l.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

// limitedPairParser is a parser of signs that are paired at the end of the paragraph, where each may be compared with all before it. It finds
// nothing more after too much effort.
type limitedPairParser struct{ parser.InlineParser }

// Parse parses if it may.
func (p limitedPairParser) Parse(paragraph ast.Node, block text.Reader, pc parser.Context) ast.Node {
	e, ok := pc.Get(effortKey).(*effort)
	if ok && e.left < 0 {
		return nil
	}
	n := p.InlineParser.Parse(paragraph, block, pc)
	if d, found := n.(*parser.Delimiter); ok && found && (d.CanOpen || d.CanClose) {
		e.signs++
		e.spend(pairEffort*e.signs, paragraph)
	}
	return n
}

// CloseBlock passes the end of a paragraph on.
func (p limitedPairParser) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	limitedParser(p).CloseBlock(parent, block, pc)
}

// inlineParsers are those that decide what of a paragraph is plain text. Emphasis does, for a tilde within it is not paired with one
// outside.
func inlineParsers() []util.PrioritizedValue {
	return []util.PrioritizedValue{
		util.Prioritized(limitedParser{parser.NewCodeSpanParser()}, 100),
		util.Prioritized(limitedParser{math{}}, 150),
		util.Prioritized(limitedParser{wikiLink{}}, 180),
		util.Prioritized(limitedParser{parser.NewLinkParser()}, 200),
		util.Prioritized(limitedParser{parser.NewAutoLinkParser()}, 300),
		util.Prioritized(limitedParser{parser.NewRawHTMLParser()}, 400),
		util.Prioritized(limitedPairParser{struckOut{}}, 500),
		util.Prioritized(limitedPairParser{parser.NewEmphasisParser()}, 600),
	}
}
