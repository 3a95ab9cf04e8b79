package document_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/note/notetest"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox/markdown"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

// TestAllKinds: a report of any kind is read as it was written, mentions only those who are asked and no issue, tells nothing confidential, and says
// the same when it is composed again.
func TestAllKinds(t *testing.T) {
	for _, k := range planning.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			d := compose(t, k, nil)
			if len(d.Sections) == 0 {
				t.Fatal("the world has nothing for the report")
			}
			body := described(d, options)
			block, err := document.Parse(body, k)
			if err != nil {
				t.Fatal(err)
			}
			want := boxed(d.Sections)
			for n, b := range block.Boxes {
				if n >= len(want) || b.Section != want[n].section || want[n].url != "" && b.URL() != want[n].url {
					t.Errorf("box %d is of %s in %s, want those of %v", n, b.Item, b.Section, want[min(n, len(want)-1)])
				}
			}
			if len(block.Boxes) != len(want) {
				t.Errorf("%d boxes, want %d", len(block.Boxes), len(want))
			}
			for _, name := range markdown.Mentions(body) {
				if !slices.Contains(d.Asks, name) {
					t.Errorf("%s is mentioned and not asked", name)
				}
			}
			if refs := markdown.IssueReferences(body, planningtest.GitLab); len(refs) > 0 {
				t.Errorf("issues are mentioned: %v", refs)
			}
			if strings.Contains(body, "SECRET") {
				t.Error("it tells what is confidential")
			}
			for _, p := range notetest.Problems(body) {
				if strings.HasPrefix(p, "quick action") {
					t.Error(p)
				}
			}
			if again := document.Replace(body, k, document.Markdown(compose(t, k, nil), options)); again != body {
				t.Error("the same document again is another text")
			}
			if crlf := strings.ReplaceAll(body, "\n", "\r\n"); document.Replace(crlf, k, document.Markdown(d, options)) != crlf {
				t.Error("the same document again is another text where lines end in CRLF")
			}
		})
	}
}

// namedBox is what tells a box from others.
type namedBox struct{ section, url string }

// boxed are the boxes of all sections in their order.
func boxed(sections []planning.Section) []namedBox {
	var all []namedBox
	var add func(section string, rows []planning.Row)
	add = func(section string, rows []planning.Row) {
		for _, r := range rows {
			if r.Box != planning.NoBox {
				b := namedBox{section: section}
				if r.Issue != nil {
					b.url = r.Issue.URL
				}
				all = append(all, b)
			}
			add(section, r.Rows)
		}
	}
	for _, s := range sections {
		add(s.Name, s.Rows)
	}
	return all
}
