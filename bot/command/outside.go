package command

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// outsideHTML gives those of the candidates that are shown outside of HTML elements. A Markdown parser does not pair tags; so the beginning
// of each candidate is marked, and the marks are looked for in the tree of the rendered document.
func (r *Reader) outsideHTML(doc ast.Node, source []byte, all []candidate) []candidate {
	if !dropLinkAddresses(doc) {
		return all
	}
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
	for _, i := range shownMarks(bodyNodes(withoutAttributes(&page))) {
		found = append(found, all[i])
	}
	return found
}

// dropLinkAddresses takes the addresses of links away, and reports whether there is HTML anywhere in a document. Addresses say nothing
// about tags, and one long address may be referred to a thousand times.
func dropLinkAddresses(doc ast.Node) (hasHTML bool) {
	// The visitor gives no error.
	_ = ast.Walk(doc, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			n.Destination, n.Title = nil, nil
		case *ast.Image:
			n.Destination, n.Title = nil, nil
		case *ast.HTMLBlock, *ast.RawHTML:
			hasHTML = true
		}
		return ast.WalkContinue, nil
	})
	return hasHTML
}

// markByte stands before and after the number of a mark. Source text is valid UTF-8 and cannot hold it.
const markByte = "\xff"

// markAt is the mark of a candidate. It is plain text, so that it does not end a comment or an attribute around it.
func markAt(i int) []byte { return []byte(markByte + strconv.Itoa(i) + markByte) }

// withoutAttributes is a page without attributes, up to the first opaque element. An element that only changes how text looks is opened again in
// every paragraph after one that leaves it open; without attributes there are no more than three of a name to open. Marks in tables are
// left out: browsers put what stands between the cells before the table.
func withoutAttributes(page *bytes.Buffer) []byte {
	var bare bytes.Buffer
	tables := 0
	for tokens := html.NewTokenizer(page); ; {
		switch tokens.Next() {
		case html.ErrorToken: // the end; in a bytes.Buffer there is no other error
			return bare.Bytes()
		case html.TextToken:
			text := tokens.Raw()
			if tables > 0 {
				text = bytes.ReplaceAll(text, []byte(markByte), nil)
			}
			bare.Write(text)
		case html.StartTagToken, html.SelfClosingTagToken: // the slash of <div/> means nothing
			name, _ := tokens.TagName()
			if opaque[string(name)] {
				return bare.Bytes()
			}
			if string(name) == "table" {
				tables++
			}
			bare.WriteString("<" + string(name) + ">")
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if string(name) == "table" {
				tables = max(0, tables-1)
			}
			bare.WriteString("</" + string(name) + ">")
		case html.CommentToken, html.DoctypeToken:
			bare.WriteString("<!---->") // what is around it does not become one tag
		}
	}
}

// bodyNodes gives what the body of a page holds. Of a page that nests too deep for the parser it is the beginning.
func bodyNodes(page []byte) []*html.Node {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	for ; len(page) > 0; page = page[:len(page)/2] {
		if nodes, err := html.ParseFragment(bytes.NewReader(page), body); err == nil {
			return nodes
		}
	}
	return nil
}

// shownMarks gives the numbers of the marks that begin a line of a paragraph outside of all other elements, in order. In doubt a mark
// counts as inside: a line is not run because we read odd HTML otherwise than GitLab does.
func shownMarks(nodes []*html.Node) (marks []int) {
	for _, n := range nodes {
		switch {
		case n.DataAtom == atom.P:
			var text strings.Builder
			paragraphText(n, &text)
			marks = append(marks, lineMarks(text.String())...)
		case n.Type == html.ElementNode && !elements[n.Data]:
			marks = append(marks, shownMarks(slices.Collect(n.ChildNodes()))...)
		}
	}
	return marks
}

// paragraphText writes the text of a paragraph, with a sign for everything in it that is not plain text.
func paragraphText(n *html.Node, text *strings.Builder) {
	for c := range n.ChildNodes() {
		switch {
		case c.Type == html.TextNode:
			text.WriteString(c.Data)
		case c.Type == html.CommentNode:
		case looks[c.Data] || !elements[c.Data]:
			paragraphText(c, text)
		default:
			text.WriteRune(utf8.RuneError)
		}
	}
}

// lineMarks gives the numbers of the marks at the beginning of a line. A tag or a comment that nothing closes may have taken the tag of a
// mark's paragraph in, and put it behind other text.
func lineMarks(text string) (marks []int) {
	parts := strings.Split(text, markByte)
	for i := 1; i+1 < len(parts); i += 2 {
		number, err := strconv.Atoi(parts[i])
		if err == nil && (strings.HasSuffix(parts[i-1], "\n") || i == 1 && parts[0] == "") {
			marks = append(marks, number)
		}
	}
	return marks
}
