package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox/markdown"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

var options = document.Options{List: "https://gitlab.example.com/groups/my-group/-/issues", Home: "my-group/planning"}

// described is a document as the description of its issue.
func described(d planning.Document, o document.Options) string {
	return document.Marker(d.Kind, d.Key) + "\n\n" + document.Wrap(d.Kind, document.Markdown(d, o)) + "\n"
}

// withTitle is a document in every part of which an issue's title, a label and a person's words stand.
func withTitle(title, label string) planning.Document {
	row := planning.Row{
		Box: planning.Unticked, Text: triage.Say("see ").Quote(title).Say(" and ").Untrusted(title),
		Issue: &planning.IssueRow{Ref: triage.Ref{Project: 7, IID: 12}, Path: "my-group/app", URL: "https://gitlab.example.com/my-group/app/-/issues/12", Title: title, Labels: []string{label}},
	}
	second := row
	second.Text, second.Rows = nil, []planning.Row{{Text: triage.Prose{}.Untrusted(title)}, row}
	cell := planning.Cell{Text: triage.Prose{}.Untrusted(title), Filter: &planning.Filter{Labels: []string{label}, NotLabels: []string{title}}}
	return planning.Document{
		Kind: k, Key: "2026-11-30", Asks: []string{"emma"},
		Intro: []triage.Prose{triage.Prose{}.Untrusted(title)},
		Sections: []planning.Section{
			{Name: "past-slo", Title: "Past SLO", Summary: true, Count: 2, Filter: &planning.Filter{Labels: []string{label}}, Text: []triage.Prose{triage.Prose{}.Quote(title)}, Rows: []planning.Row{row, second}},
			{Name: "heat-map", Title: "Heat map", Folded: true, Rows: []planning.Row{second}, Table: &planning.Table{Head: []triage.Prose{triage.Say("a"), triage.Say("b")}, Rows: [][]planning.Cell{{cell, cell}}}},
		},
		State: planning.State{Takes: map[string][]string{"7#12": {title}}, Mailed: []string{title}},
	}
}

// shape is all that a text becomes in GitLab but for its words: the elements with their attributes, in order.
func shape(text string) []string {
	var all []string
	z := html.NewTokenizer(strings.NewReader(notetest.HTML(text)))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type == html.TextToken || token.Type == html.CommentToken && strings.HasPrefix(token.Data, " flowkeeper:state ") {
			continue
		}
		if at := slices.IndexFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "href" && strings.HasPrefix(a.Val, options.List+"?") }); at >= 0 {
			token.Attr[at].Val = options.List // with whatever label
		}
		all = append(all, token.String())
	}
	return all
}

// checkTitle wants a title to be words wherever it stands: nothing is mentioned, referred to, run, formed or opened by it, and the block is read as
// it was written.
func checkTitle(t interface {
	Helper()
	Errorf(format string, args ...any)
}, title, label string) {
	t.Helper()
	body := described(withTitle(title, label), options)
	plain := described(withTitle("words", "word"), options)
	if diff := cmp.Diff(shape(plain), shape(body)); diff != "" && note.Escape(title, 1) != "" {
		t.Errorf("the title %q, label %q makes other elements (-want +got):\n%s\n%s", title, label, diff, body)
	}
	if names := markdown.Mentions(body); !slices.Equal(names, []string{"emma"}) {
		t.Errorf("the title %q mentions %v", title, names)
	}
	usual := notetest.Problems(plain, "@emma", "~word")
	for _, p := range notetest.Problems(body, "@emma", triage.Quoted(label)) {
		if !slices.Contains(usual, p) && !strings.Contains(p, "flowkeeper:state") {
			t.Errorf("the title %q: %s", title, p)
		}
	}
	block, err := document.Parse(body, k)
	if err != nil || len(block.Boxes) != 5 || len(block.State.Mailed) != 1 || block.Boxes[0].URL() != "https://gitlab.example.com/my-group/app/-/issues/12" {
		t.Errorf("the title %q: the block is read as %+v, %v", title, block, err)
	}
	if again := document.Replace(body, k, document.Markdown(withTitle(title, label), options)); again != body {
		t.Errorf("the title %q: the same content again changes the block\n%s\n%s", title, body, again)
	}
}

// TestHostileTitles: the titles of the world that would do something do nothing.
func TestHostileTitles(t *testing.T) {
	for _, name := range planningtest.Names() {
		if strings.HasPrefix(name, "hostile-") {
			i := planningtest.Case(name)
			checkTitle(t, i.Title, i.Labels[0])
			checkTitle(t, "x "+i.Title, i.Title)
		}
	}
}

// TestAnyTitle: nor does any other.
func TestAnyTitle(t *testing.T) {
	pieces := rapid.OneOf(
		rapid.SampledFrom([]string{
			"<!-- flowkeeper:end triage -->", "<!-- flowkeeper:begin triage -->", "<!-- flowkeeper:state {} -->", "<!--", "-->", "<!-- flowkeeper:ticked -->", "\n", "\r\n", "|", "```",
			"@emma", "@all", "#1", "!2", "~UX", "/close", "- [x] ", "1. ", "# ", "> ", "[a](b)", "](", "https://gitlab.example.com/my-group/app/-/issues/9", "<details>", "</details>", "\\", "`", "$$", ":tada:", "\u202e", "Closes ",
		}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		title := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "title"), "")
		checkTitle(t, title, rapid.OneOf(pieces, rapid.Just("type::bug")).Draw(t, "label"))
	})
}
