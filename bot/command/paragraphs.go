package command

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown is GitLab's Markdown as far as it decides what is a paragraph and what is plain text within one. HTML is rendered as it was
// written, for outside to look at.
func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(parser.DefaultBlockParsers()...),
			parser.WithBlockParsers(util.Prioritized(fencedQuote{}, 750)), // before plain quotes, which have 800
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
			parser.WithParagraphTransformers(util.Prioritized(tableTransformer{}, 200)),
			parser.WithInlineParsers(inlineParsers()...),
		)),
		goldmark.WithExtensions(extension.Footnote, extension.DefinitionList),
		goldmark.WithRendererOptions(
			html.WithUnsafe(),
			renderer.WithNodeRenderers(util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500)),
		),
	)
}

// candidate is a line that reads as a command and stands in a top-level paragraph, and the text it begins with there.
type candidate struct {
	Line

	begins *ast.Text
}

// lines finds the commands of a text, line by line of its top-level paragraphs.
func (r *Reader) lines(source []byte) []Line {
	pc, effort := limitEffort(source)
	doc := r.markdown.Parser().Parse(text.NewReader(source), parser.WithContext(pc))
	numbers := lineCounter{source: source, line: 1}
	var found []candidate
	for block := doc.FirstChild(); block != nil; block = block.NextSibling() {
		if block.Kind() == ast.KindParagraph && block.Lines().At(0).Start < effort.end {
			found = r.appendCommands(found, block, &numbers)
		}
	}
	if len(found) > 0 {
		found = r.outsideHTML(doc, source, found)
	}
	lines := make([]Line, len(found))
	for i, c := range found {
		lines[i] = c.Line
	}
	return lines
}

// appendCommands appends the commands of one paragraph.
func (r *Reader) appendCommands(found []candidate, paragraph ast.Node, numbers *lineCounter) []candidate {
	var texts map[int]*ast.Text
	segments := paragraph.Lines()
	for i := range segments.Len() {
		begin := segments.At(i).Start
		line := string(numbers.lineAt(begin))
		if i < segments.Len()-1 {
			line = withoutHardBreak(line)
		}
		l, ok := r.parseCommand(line)
		if !ok {
			continue
		}
		if texts == nil {
			texts = plainTexts(paragraph)
		}
		if t := texts[begin]; t != nil {
			l.Number = numbers.line
			found = append(found, candidate{l, t})
		}
	}
	return found
}

// plainTexts are the pieces of a paragraph's text by their place in the source: those that are not in a code span, a formula, a link or
// HTML, and are not struck out.
func plainTexts(paragraph ast.Node) map[int]*ast.Text {
	texts := map[int]*ast.Text{}
	// The visitor gives no error.
	_ = ast.Walk(paragraph, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		t, isText := n.(*ast.Text)
		switch {
		case isText && entering && !t.Segment.IsEmpty():
			texts[t.Segment.Start] = t
		case !isText && n != paragraph && n.Kind() != ast.KindEmphasis:
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return texts
}

// lineCounter numbers the lines of a text, read from top to bottom.
type lineCounter struct {
	source []byte
	start  int // where the line begins
	line   int // its number, from 1
}

// lineAt gives the whole line around an offset, which is in no line before the last one asked for, and counts up to it.
func (c *lineCounter) lineAt(offset int) []byte {
	begin := bytes.LastIndexByte(c.source[:offset], '\n') + 1
	c.line += bytes.Count(c.source[c.start:begin], []byte("\n"))
	c.start = begin
	line, _, _ := bytes.Cut(c.source[begin:], []byte("\n"))
	return line
}
