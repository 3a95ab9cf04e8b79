package page_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"flowkeeper/bot/sandbox"
)

// entries are the comments of a page in their order: text, whether below another, whether for members only.
func (p tree) entries() []string {
	var list []string
	for n := range p.root.Descendants() {
		if _, is := attr(n, "data-note"); !is || n.Type != html.ElementNode {
			continue
		}
		line := ""
		for d := range n.Descendants() {
			if class, _ := attr(d, "class"); class == "md" {
				line = words(d)
			}
		}
		if _, reply := attr(n, "data-reply"); reply {
			line = "> " + line
		}
		if _, internal := attr(n, "data-internal"); internal {
			line += " (internal)"
			if !strings.Contains(words(n), "internal") {
				line += " unmarked"
			}
		}
		list = append(list, line)
	}
	return list
}

// On the page replies stand below the comment they answer, whatever happened in between and even if that one is gone.
func TestThreadsOnThePage(t *testing.T) {
	var seconds atomic.Int64
	l := newLabAt(t, func() time.Time { return noon.Add(time.Duration(seconds.Add(1)) * time.Second) })
	ref := l.open(sandbox.IssueOptions{})
	first := l.comment("omar", ref, "one")
	v := browse(t, l)
	v.post("/who", "user", "maria")
	v.post("/issues/1/1/notes", "text", "two", "internal", "1")
	second := l.Issue(ref).Comments()[1].ID
	if err := l.Edit("maria", ref, sandbox.Change{AddLabels: []string{"UX"}}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []int64{first, second, first} {
		p := v.post(fmt.Sprintf("/issues/1/1/notes/%d/reply", to), "text", fmt.Sprintf("to %d", to))
		if p.status != 200 {
			t.Fatalf("replying: %d %s", p.status, p.text)
		}
	}
	l.comment("omar", ref, "three")
	one, two := fmt.Sprintf("> to %d", first), fmt.Sprintf("> to %d (internal)", second)
	want := []string{"one", one, one, "two (internal)", two, "three"}
	if diff := cmp.Diff(want, v.get("/issues/1/1").entries()); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	if err := l.DeleteNote("omar", ref, first); err != nil {
		t.Fatal(err)
	}
	v.post("/who", "user", "gil")
	want = []string{one[2:], one, "three"}
	if diff := cmp.Diff(want, v.get("/issues/1/1").entries()); diff != "" {
		t.Errorf("comments a guest sees (-want +got):\n%s", diff)
	}
}
