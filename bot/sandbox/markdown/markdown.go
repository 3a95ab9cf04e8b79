// Package markdown reads texts as GitLab does: for the page of the sandbox, and to know whom a comment mentions.
package markdown

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	render "github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var (
	renderer = goldmark.New(goldmark.WithExtensions(extension.NewLinkify(extension.WithLinkifyURLRegexp(address)), extension.Table, extension.Strikethrough, extension.TaskList),
		goldmark.WithRendererOptions(html.WithUnsafe(), render.WithNodeRenderers(util.Prioritized(boxRenderer{}, 100))))
	harmless = policy()
	// address is what becomes a link by itself: of any host, a number or "localhost" too.
	address = regexp.MustCompile(`^(?:http|https|ftp)://[^\s<>"]+`)
	// reference finds what GitLab turns into more than text: @maria, ~UX, ~"needs research", :thumbsup:.
	reference = regexp.MustCompile(`@[A-Za-z0-9_][A-Za-z0-9_.-]*|~"[^"\n]+"|~[^\s"~,;()<>]+|:[a-z0-9_+-]+:|[👍👎🎉👀✅❌❤⚠]\x{FE0F}?`)
)

// policy lets through what GitLab does of HTML in Markdown, and nothing that acts.
func policy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowElements("details", "summary", "input")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	p.AllowAttrs("data-line").Matching(regexp.MustCompile(`^[0-9]{1,7}$`)).OnElements("input")
	p.RequireNoReferrerOnLinks(true)
	return p
}

// References say what a page shows for what GitLab turns into more than text.
type References struct {
	Label  func(name string) string   // the HTML of a label's chip, "" if there is no such label
	Emoji  func(word string) string   // the HTML of a reaction, given by its name or its character, "" if there is none
	Person func(username string) bool // whether there is somebody of that name

	// Box is the HTML of a box of a task list that can be ticked, given its line, the first being 1, and whether it is ticked now. nil, or
	// "" for a line, is a box that only shows.
	Box func(line int, ticked bool) string
}

// Render turns a person's Markdown into inert HTML.
func Render(markdown string, refs References) string {
	body := parsed(markdown)
	eachText(body, func(t *dom.Node) { refs.enrich(t) })
	refs.enableBoxes(body)
	var out bytes.Buffer
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := dom.Render(&out, n); err != nil {
			return dom.EscapeString(markdown)
		}
	}
	return out.String()
}

// parsed is the sanitised HTML of a text as a tree. Every checkbox in it is disabled.
func parsed(markdown string) *dom.Node {
	body := &dom.Node{Type: dom.ElementNode, Data: "body", DataAtom: atom.Body}
	var raw bytes.Buffer
	if err := renderer.Convert([]byte(markdown), &raw); err != nil {
		body.AppendChild(&dom.Node{Type: dom.TextNode, Data: markdown})
		return body
	}
	nodes, err := dom.ParseFragment(harmless.SanitizeReader(&raw), body)
	if err != nil {
		nodes = []*dom.Node{{Type: dom.TextNode, Data: markdown}}
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	for n := range body.Descendants() {
		if n.Data == "input" {
			n.Attr = slices.DeleteFunc(n.Attr, func(a dom.Attribute) bool { return a.Key == "disabled" })
			n.Attr = append(n.Attr, dom.Attribute{Key: "disabled"})
		}
	}
	showInapplicable(body)
	return body
}

// eachText calls f for the texts in which GitLab looks for references: not in code and not in links.
func eachText(body *dom.Node, f func(*dom.Node)) {
	var texts []*dom.Node
	var walk func(*dom.Node)
	walk = func(n *dom.Node) {
		if n.Type == dom.TextNode {
			texts = append(texts, n)
		}
		if n.Type == dom.ElementNode && (n.Data == "code" || n.Data == "pre" || n.Data == "a") {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(body)
	for _, t := range texts {
		f(t)
	}
}

// enrich replaces the references in a text by what a page shows for them.
func (r References) enrich(t *dom.Node) {
	from := 0
	put := func(n *dom.Node) { t.Parent.InsertBefore(n, t) }
	for _, at := range references(t.Data) {
		word := t.Data[at[0]:at[1]]
		var made []*dom.Node
		switch word[0] {
		case '@':
			name := strings.TrimRight(word[1:], ".-")
			if r.Person(name) {
				at[1] = at[0] + 1 + len(name)
				made = []*dom.Node{element("span", "mention", "@"+name)}
			}
		case '~':
			if chip := r.Label(strings.Trim(word[1:], `"`)); chip != "" {
				made, _ = dom.ParseFragment(strings.NewReader(chip), t.Parent)
			}
		default:
			if sign := r.Emoji(strings.Trim(word, ":\uFE0F")); sign != "" {
				made, _ = dom.ParseFragment(strings.NewReader(sign), t.Parent)
			}
		}
		if len(made) == 0 {
			continue
		}
		put(&dom.Node{Type: dom.TextNode, Data: t.Data[from:at[0]]})
		for _, n := range made {
			put(n)
		}
		from = at[1]
	}
	t.Data = t.Data[from:]
}

// references are the places of possible references: none that begins within a word, as in an e-mail address.
func references(text string) [][]int {
	return slices.DeleteFunc(reference.FindAllStringIndex(text, -1), func(at []int) bool {
		if at[0] == 0 {
			return false
		}
		before := text[at[0]-1]
		return before >= '0' && before <= '9' || before >= 'a' && before <= 'z' || before >= 'A' && before <= 'Z' || before == '_'
	})
}

func element(name, class, content string) *dom.Node {
	n := &dom.Node{Type: dom.ElementNode, Data: name, Attr: []dom.Attribute{{Key: "class", Val: class}}}
	n.AppendChild(&dom.Node{Type: dom.TextNode, Data: content})
	return n
}

// Mentions are the usernames that a text notifies, without those in code.
func Mentions(markdown string) []string {
	if !strings.Contains(markdown, "@") {
		return nil
	}
	var names []string
	eachText(parsed(markdown), func(t *dom.Node) {
		for _, at := range references(t.Data) {
			name, ok := strings.CutPrefix(t.Data[at[0]:at[1]], "@")
			name = strings.TrimRight(name, ".-")
			if ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	})
	return names
}
