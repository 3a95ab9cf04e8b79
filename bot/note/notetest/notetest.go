// Package notetest checks the bodies of comments the way GitLab would read them: what renders, what is a reference, what is a quick
// action. It is for the tests of whatever writes comments. Its model of GitLab is coarser than GitLab and takes more for a reference
// than GitLab does, never less.
package notetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	rendering "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// MaxWords is how many words may stand before the details of a sticky note.
const MaxWords = 60

// Check fails the test unless the body is harmless: no reference besides the allowed ones ("@maria", "~UX"), no quick action, no link,
// no image, no HTML besides closed folds and one marker, and only the formatting that the bot uses.
func Check(t testing.TB, body string, allowed ...string) {
	t.Helper()
	report(t, body, Problems(body, allowed...))
}

// CheckNote fails the test unless the body is harmless and a sticky note: at most one fold, at most MaxWords words before it, and a
// well-formed marker as the last line.
func CheckNote(t testing.TB, body string, allowed ...string) {
	t.Helper()
	report(t, body, append(Problems(body, allowed...), stickyProblems(body)...))
}

// CheckReply fails the test unless the body is harmless and an answer or a description: at most one fold, and one marker, which is not a
// sticky note's, as the last line.
func CheckReply(t testing.TB, body string, allowed ...string) {
	t.Helper()
	problems := Problems(body, allowed...)
	folds, comments := count(body)
	last := body[strings.LastIndexByte(body, '\n')+1:]
	if folds > 1 || comments != 1 || !other.MatchString(last) {
		problems = append(problems, fmt.Sprintf("%d folds, %d comments and the last line %q", folds, comments, last))
	}
	report(t, body, problems)
}

// CheckTitle fails the test unless the text is one line without references. Titles are no Markdown.
func CheckTitle(t testing.TB, title string) {
	t.Helper()
	problems := references(title, nil)
	if strings.ContainsFunc(title, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		problems = append(problems, fmt.Sprintf("%q is not one line", title))
	}
	report(t, title, problems)
}

func report(t testing.TB, body string, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
	if len(problems) > 0 {
		t.Logf("the body was:\n%s\n%q", body, body)
	}
}

// Problems lists what Check would fail for.
func Problems(body string, allowed ...string) []string {
	root := parse(body)
	var found []string
	found = append(found, quickActions(body)...)
	found = append(found, ownHTML(body)...)
	found = append(found, foldProblems(body)...)
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			if !insideCode(n) {
				found = append(found, references(n.Data, allowed)...)
			}
		case html.CommentNode:
			if comment := "<!--" + n.Data + "-->"; !isMarker(comment) {
				found = append(found, fmt.Sprintf("comment %q", comment))
			}
		case html.ElementNode:
			if !slices.Contains(elements, n.DataAtom) && !linksRule(n) && !linksDecisions(n) {
				found = append(found, fmt.Sprintf("element <%s>", n.Data))
			}
		}
	}
	return found
}

// markdown is GitLab's, as far as goldmark has it. It is safe for concurrent use.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithRendererOptions(rendering.WithUnsafe()),
)

// HTML is the body as GitLab's Markdown renders it, before references.
func HTML(body string) string {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(body), &out); err != nil {
		panic("writing to a buffer: " + err.Error())
	}
	return out.String()
}

// Text is what a reader sees of the body, without formatting.
func Text(body string) string {
	var seen strings.Builder
	for n := range parse(body).Descendants() {
		if n.Type == html.TextNode {
			seen.WriteString(n.Data)
		}
	}
	return seen.String()
}

// Words counts the words of what a reader sees before the details: what stands between blanks and has a letter or a digit.
func Words(body string) int {
	before, _, _ := strings.Cut(body, "<details><summary>")
	n := 0
	for word := range strings.FieldsSeq(Text(before)) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			n++
		}
	}
	return n
}

// parse gives the document that a browser would build. Like there, neighbouring texts are one text.
func parse(body string) *html.Node {
	root := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(strings.NewReader(HTML(body)), root)
	if err != nil {
		panic("reading from a string: " + err.Error())
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root
}

// decisionsAddress is where the bot's own pages tell of an issue or a merge request.
var decisionsAddress = regexp.MustCompile(`^https?://[0-9A-Za-z._~:/%-]+/decisions/[0-9]+/(merge_requests/)?[0-9]+$`)

// linksDecisions reports whether an element is the link to the decisions on an issue.
func linksDecisions(n *html.Node) bool {
	return n.DataAtom == atom.A && len(n.Attr) == 1 && n.Attr[0].Key == "href" && decisionsAddress.MatchString(n.Attr[0].Val) &&
		n.FirstChild != nil && n.FirstChild == n.LastChild && n.FirstChild.Data == "all decisions"
}

// linksRule reports whether an element is the link of a rule's name to its place on the page with the rules.
func linksRule(n *html.Node) bool {
	name := n.FirstChild
	if n.DataAtom != atom.A || name == nil || name.DataAtom != atom.Code || name.NextSibling != nil || name.FirstChild == nil || len(n.Attr) != 1 {
		return false
	}
	return n.Attr[0].Key == "href" && strings.HasSuffix(n.Attr[0].Val, "#"+name.FirstChild.Data)
}

// elements are those that the bot's comments need.
var elements = []atom.Atom{
	atom.P, atom.Br, atom.Ul, atom.Ol, atom.Li, atom.Input, atom.Strong, atom.Em, atom.Del, atom.Code, atom.Details, atom.Summary,
}

// The markers: of the sticky note, and of answers and follow-ups.
var (
	marker = regexp.MustCompile(`^<!-- flowkeeper:v[0-9]+ (\{.*\}) -->$`)
	other  = regexp.MustCompile(`^<!-- flowkeeper:(?:re [0-9]+:[0-9]+|follow-up [0-9]+#[0-9]+) [0-9]+ -->$`)
)

// isMarker reports whether a comment is one of the bot's.
func isMarker(comment string) bool { return marker.MatchString(comment) || other.MatchString(comment) }

func insideCode(n *html.Node) bool {
	for p := range n.Ancestors() {
		if p.DataAtom == atom.Code || p.DataAtom == atom.Pre {
			return true
		}
	}
	return false
}

// referring are the forms of GitLab's references in text, wherever they stand. Only those of the first can be allowed.
var referring = []*regexp.Regexp{
	regexp.MustCompile(`[@#!~$&^](?:"[^"]*"|[\w.{][\w.:/-]*)`),
	regexp.MustCompile(`%(?:"[^"]*"|[^\s"<\x{2060}]*\w)`),
	regexp.MustCompile(`\b(?:[A-Z][A-Z0-9_]+|GL)-\d+`), // external trackers
	regexp.MustCompile(`\[\[|\[\w+:|\*iteration:`),
	regexp.MustCompile(`[\[{][+-]`), // inline differences
	regexp.MustCompile(`\w://|(?i:\bwww\.\w)`),
	regexp.MustCompile(`[0-9A-Fa-f]{7,}`),                               // commits
	regexp.MustCompile(`(?m)(?:^|[^\pL\pN:]):[\w+-]+:(?:[^\pL\pN:]|$)`), // emoji
}

func references(text string, allowed []string) []string {
	rest := referring[0].ReplaceAllStringFunc(text, func(ref string) string {
		if slices.Contains(allowed, strings.TrimRight(ref, ".:-/")) {
			return " "
		}
		return ref
	})
	rest = strings.ReplaceAll(rest, ":thumbsup:", " ") // the bot's own
	var found []string
	for _, form := range referring {
		for _, ref := range form.FindAllString(rest, -1) {
			found = append(found, fmt.Sprintf("reference %q in %q", ref, text))
		}
	}
	return found
}

// quickActions finds lines that begin with a slash, whatever they are part of.
func quickActions(body string) []string {
	var found []string
	for line := range strings.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(strings.TrimLeft(line, " \t>"), "/") {
			found = append(found, fmt.Sprintf("quick action %q", line))
		}
	}
	return found
}

var foldTag = regexp.MustCompile(`^<details><summary>[^<]*</summary>$|^</details>$`)

// ownHTML finds HTML in the Markdown that is neither a fold nor a marker.
func ownHTML(body string) []string {
	source := []byte(body)
	var found []string
	check := func(line string) {
		if line = strings.TrimRight(line, "\r\n"); !foldTag.MatchString(line) && !isMarker(line) {
			found = append(found, fmt.Sprintf("HTML %q", line))
		}
	}
	err := ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.RawHTML:
			found = append(found, fmt.Sprintf("HTML %q", n.Segments.Value(source)))
		case *ast.HTMLBlock:
			for _, line := range n.Lines().Sliced(0, n.Lines().Len()) {
				check(string(line.Value(source)))
			}
			if n.HasClosure() {
				check(string(n.ClosureLine.Value(source)))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		panic("walking without an error of its own: " + err.Error())
	}
	return found
}

// foldProblems finds folds that are not closed, or that stand where GitLab would not render the Markdown inside.
func foldProblems(body string) []string {
	var found []string
	open := false
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		begins, ends := strings.HasPrefix(line, "<details>"), line == "</details>"
		if !begins && !ends {
			continue
		}
		if begins == open {
			found = append(found, fmt.Sprintf("line %d: %q does not match", i+1, line))
		}
		open = begins
		if i+1 < len(lines) && lines[i+1] != "" || i > 0 && lines[i-1] != "" {
			found = append(found, fmt.Sprintf("line %d: no blank line before and after %q", i+1, line))
		}
	}
	if open {
		found = append(found, "the details are not closed")
	}
	return found
}

func stickyProblems(body string) []string {
	var found []string
	folds, comments := count(body)
	if folds > 1 || comments != 1 {
		found = append(found, fmt.Sprintf("%d folds and %d comments", folds, comments))
	}
	if n := Words(body); n > MaxWords {
		found = append(found, fmt.Sprintf("%d words before the details", n))
	}
	last := body[strings.LastIndexByte(body, '\n')+1:]
	parts := marker.FindStringSubmatch(last)
	if parts == nil || !json.Valid([]byte(parts[1])) {
		found = append(found, fmt.Sprintf("the last line %q is no marker", last))
	}
	return found
}

// count counts the folds and the HTML comments.
func count(body string) (folds, comments int) {
	for n := range parse(body).Descendants() {
		switch {
		case n.DataAtom == atom.Details:
			folds++
		case n.Type == html.CommentNode:
			comments++
		}
	}
	return folds, comments
}
