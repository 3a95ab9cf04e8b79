package page_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"flowkeeper/bot/sandbox"
)

// buttons are what the buttons of a merge request do.
func buttons(request *html.Node) []string {
	var found []string
	for n := range request.Descendants() {
		if name, _ := attr(n, "name"); n.Data == "button" && name == "do" {
			do, _ := attr(n, "value")
			found = append(found, do)
		}
	}
	return found
}

// TestMergeRequestsOnTheIssue takes a merge request from a draft to its merge by the forms of the issue that it closes.
func TestMergeRequestsOnTheIssue(t *testing.T) {
	l := newLab(t)
	ref := l.open(sandbox.IssueOptions{})
	v := browse(t, l)
	v.post("/who", "user", "omar")
	for _, step := range []struct{ path, key, value, state, offers string }{
		{"/requests", "title", "Faster", "draft", "ready close"},
		{"/request", "do", "ready", "opened", "merge draft close"},
		{"/request", "do", "draft", "draft", "ready close"},
		{"/request", "do", "close", "closed", "reopen"},
		{"/request", "do", "reopen", "draft", "ready close"},
		{"/request", "do", "ready", "opened", "merge draft close"},
		{"/request", "do", "merge", "merged", ""},
	} {
		if p := v.post("/issues/1/1"+step.path, step.key, step.value, "request", "1!1"); p.status != http.StatusOK {
			t.Fatalf("%s is answered %d: %s", step.value, p.status, p.wordsOf("problem"))
		}
		l.sent() // GitLab prepares and merges in the background
		request := v.get("/issues/1/1").with("data-request", "1!1")
		if request == nil {
			t.Fatalf("after %s there is no merge request", step.value)
		}
		if state, _ := attr(request, "data-state"); state != step.state {
			t.Errorf("after %s it is shown as %s", step.value, state)
		}
		if offered := buttons(request); !slices.Equal(offered, strings.Fields(step.offers)) {
			t.Errorf("after %s it offers %v", step.value, offered)
		}
	}
	if i := l.Issue(ref); i.State != "closed" || i.Status != "Done" {
		t.Errorf("the issue is %s with the status %s", i.State, i.Status)
	}
	if p := v.get("/create/source-code/-/merge_requests/1"); p.path != "/issues/1/1" {
		t.Errorf("its address leads to %q", p.path)
	}
	if p := v.get("/create/source-code/-/merge_requests/2"); p.status != http.StatusNotFound {
		t.Errorf("the address of none is answered %d", p.status)
	}
}

// TestMergeRequestsThatAreRefused says why a form was of no use.
func TestMergeRequestsThatAreRefused(t *testing.T) {
	l := newLab(t)
	l.open(sandbox.IssueOptions{})
	v := browse(t, l)
	v.post("/who", "user", "gil")
	for name, tt := range map[string]struct {
		path  string
		pairs []string
		says  string
	}{
		"a guest opens one":   {"/requests", []string{"title", "Faster"}, "Not allowed to open merge requests"},
		"no title":            {"/requests", nil, "Name the merge request"},
		"none of that number": {"/request", []string{"request", "1!9", "do", "merge"}, "There is no"},
		"nonsense":            {"/request", []string{"request", "x", "do", "merge"}, "names neither"},
		"no such button":      {"/request", []string{"request", "1!1", "do", "eat"}, "can be made ready"},
		"no such status":      {"/status", []string{"status", "Nothing"}, "There is no status"},
	} {
		if p := v.post("/issues/1/1"+tt.path, tt.pairs...); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.wordsOf("problem"), tt.says) {
			t.Errorf("%s: %d %s", name, p.status, p.wordsOf("problem"))
		}
	}
}

// TestStatusOfAnIssue sets the status by its form.
func TestStatusOfAnIssue(t *testing.T) {
	l := newLab(t)
	ref := l.open(sandbox.IssueOptions{})
	v := browse(t, l)
	if got, _ := attr(v.get("/issues/1/1").with("id", "status"), "data-value"); got != "To do" {
		t.Errorf("the status is shown as %q", got)
	}
	v.post("/issues/1/1/status", "status", "In progress")
	if got := l.Issue(ref).Status; got != "In progress" {
		t.Errorf("the status is %s", got)
	}
	if p := v.get("/issues/1/1"); !strings.Contains(p.wordsOf("timeline"), "set status to In progress") {
		t.Errorf("the timeline says %s", p.wordsOf("timeline"))
	}
}
