package command

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/net/html"
)

// hasHTML reports whether there is HTML anywhere in a document.
func hasHTML(doc ast.Node) bool {
	found := false
	// The visitor gives no error.
	_ = ast.Walk(doc, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		if found = n.Kind() == ast.KindHTMLBlock || n.Kind() == ast.KindRawHTML; found {
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return found
}

// outside gives those of the candidates that are shown outside of HTML elements. A Markdown parser does not pair tags; so the beginning
// of each candidate is marked and the rendered document looked through.
func (r *Reader) outside(doc ast.Node, source []byte, all []candidate) []candidate {
	shorten(doc)
	for i, c := range all {
		mark := ast.NewString(markAt(i))
		mark.SetCode(true) // is rendered as it is
		paragraph := c.begins.Parent()
		paragraph.InsertBefore(paragraph, c.begins, mark)
	}
	var page bytes.Buffer
	if err := r.markdown.Renderer().Render(&page, source, doc); err != nil {
		return nil // a buffer takes everything; without a page nothing is known to be outside
	}
	var found []candidate
	for _, i := range marksInParagraphs(&page) {
		found = append(found, all[i])
	}
	return found
}

// shorten takes the addresses of links away: they say nothing about tags, and one long address may be referred to a thousand times.
func shorten(doc ast.Node) {
	// The visitor gives no error.
	_ = ast.Walk(doc, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			n.Destination, n.Title = nil, nil
		case *ast.Image:
			n.Destination, n.Title = nil, nil
		}
		return ast.WalkContinue, nil
	})
}

// markByte stands before and after the number of a mark. Source text is valid UTF-8 and cannot hold it.
const markByte = "\xff"

// markAt is the mark of a candidate. It is plain text, so that it does not end a comment or an attribute around it.
func markAt(i int) []byte { return []byte(markByte + strconv.Itoa(i) + markByte) }

// marksInParagraphs reads a page and gives the numbers of the marks that begin a line of a paragraph outside of all other elements, in
// order. Tags are paired as the HTML standard pairs them. In doubt a mark counts as inside: a line is not run because we read odd HTML
// otherwise than GitLab does.
func marksInParagraphs(page io.Reader) []int {
	var marks []int
	open := elements{linger: map[string]int{}}
	begun := false // a paragraph, with the last tag
	for tokens := html.NewTokenizer(page); !open.nothing; {
		switch tokens.Next() {
		case html.ErrorToken: // the end; in a bytes.Buffer there is no other error
			return marks
		case html.TextToken:
			if open.plainParagraph() {
				marks = appendMarks(marks, string(tokens.Raw()), begun)
			}
		case html.StartTagToken, html.SelfClosingTagToken: // the slash of <div/> means nothing
			name, _ := tokens.TagName()
			open.start(generic(string(name)))
			begun = string(name) == "p"
			continue
		case html.EndTagToken:
			name, _ := tokens.TagName()
			open.end(generic(string(name)))
		case html.CommentToken, html.DoctypeToken:
		}
		begun = false
	}
	return marks
}

// appendMarks appends the numbers of the marks in a text that stand at the beginning of a line, or of the text if a line begins there. A
// tag or a comment that nothing closes may have taken the tag of a mark's paragraph in, and put it behind other text.
func appendMarks(marks []int, text string, begins bool) []int {
	parts := strings.Split(text, markByte)
	for i := 1; i < len(parts); i += 2 {
		number, err := strconv.Atoi(parts[i])
		if err == nil && (strings.HasSuffix(parts[i-1], "\n") || begins && i == 1 && parts[0] == "") {
			marks = append(marks, number)
		}
	}
	return marks
}
