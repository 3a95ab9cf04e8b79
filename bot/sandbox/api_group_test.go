package sandbox_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// groupLab is a lab with a second project in the same group, one in a group below it, and one elsewhere.
func groupLab(t *testing.T, opt sandbox.Options) (l *lab, second, below, elsewhere int64) {
	t.Helper()
	l = newLab(t, opt)
	return l, l.AddProject("create/gitaly"), l.AddProject("create/tools/lint"), l.AddProject("plan/board")
}

// numbers are the references of a list of issues: "1#2".
func numbers(t *testing.T, r reply) []string {
	t.Helper()
	list := []string{}
	for _, i := range r.list(t) {
		list = append(list, fmt.Sprintf("%.0f#%.0f", i["project_id"], i["iid"]))
	}
	return list
}

func (l *lab) openIn(project int64, o sandbox.IssueOptions) triage.Ref {
	l.t.Helper()
	o.Title = "In " + fmt.Sprint(project)
	ref, err := l.Open("maria", project, o)
	if err != nil {
		l.t.Fatal(err)
	}
	return ref
}

func TestIssuesOfAGroup(t *testing.T) {
	var hours atomic.Int64
	l, second, below, elsewhere := groupLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }})
	for _, p := range []int64{l.project, second, below, elsewhere} {
		l.openIn(p, sandbox.IssueOptions{Labels: []string{"bug"}})
		hours.Add(1)
	}
	for path, want := range map[string][]string{
		"/groups/create/issues":                        {"3#1", "2#1", "1#1"}, // with those of the groups below
		"/groups/501/issues?sort=asc":                  {"1#1", "2#1", "3#1"},
		"/groups/create%2Ftools/issues":                {"3#1"},
		"/groups/create/issues?labels=bug&iids[]=1":    {"3#1", "2#1", "1#1"}, // numbers are those of any project
		"/groups/create/issues?labels=elsewhere":       {},
		"/groups/plan/issues?with_labels_details=true": {"4#1"},
	} {
		if diff := cmp.Diff(want, numbers(t, l.must("GET", path, ""))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if r := l.api("GET", "/groups/nowhere/issues", ""); r.StatusCode != 404 || !strings.Contains(r.Text, "404 Group Not Found") {
		t.Errorf("no such group: %d %s", r.StatusCode, r.Text)
	}
	counts := l.must("GET", "/groups/create/issues_statistics?labels=bug", "").object(t)["statistics"].(map[string]any)["counts"]
	if diff := cmp.Diff(map[string]any{"all": 3.0, "opened": 3.0, "closed": 0.0}, counts); diff != "" {
		t.Error(diff)
	}
}

// The wish for a keyset is dropped without a word on a group's list: the pages have numbers, and rows move between them.
func TestGroupListsHaveNumberedPages(t *testing.T) {
	var hours atomic.Int64
	l, second, _, _ := groupLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }})
	first := l.openIn(l.project, sandbox.IssueOptions{})
	for range 3 {
		hours.Add(1)
		l.openIn(second, sandbox.IssueOptions{})
	}
	hours.Add(1)
	r := l.must("GET", "/groups/create/issues?pagination=keyset&order_by=updated_at&sort=asc&per_page=2&state=opened", "")
	if diff := cmp.Diff([]string{"1#1", "2#1"}, numbers(t, r)); diff != "" || r.Header.Get("X-Next-Page") != "2" || strings.Contains(next(t, r), "cursor") {
		t.Errorf("page 1 %s, next page %q at %s", diff, r.Header.Get("X-Next-Page"), next(t, r))
	}
	l.edit("omar", first, sandbox.Change{Close: true}) // all that follow move up by one
	if diff := cmp.Diff([]string{"2#3"}, numbers(t, l.must("GET", next(t, r), ""))); diff != "" {
		t.Errorf("page 2 (-want +got): 2#2 is skipped:\n%s", diff)
	}
}

// Beyond a number of rows GitLab does not say how many there are.
func TestLongListsAreNotCounted(t *testing.T) {
	l := newLab(t, sandbox.Options{CountLimit: 3})
	for n := range 4 {
		r := l.must("GET", "/projects/1/issues?per_page=1", "")
		if r.Header.Get("X-Total") != fmt.Sprint(n) || n > 0 && !strings.Contains(r.Header.Get("Link"), `rel="last"`) {
			t.Errorf("%d issues: X-Total %q, Link %q", n, r.Header.Get("X-Total"), r.Header.Get("Link"))
		}
		l.open(sandbox.IssueOptions{})
	}
	r := l.must("GET", "/projects/1/issues?per_page=1&page=2", "")
	_, total := r.Header["X-Total"]
	_, pages := r.Header["X-Total-Pages"]
	if total || pages || strings.Contains(r.Header.Get("Link"), `rel="last"`) {
		t.Errorf("headers of a long list: %v", r.Header)
	}
	if r.Header.Get("X-Next-Page") != "3" || r.Header.Get("X-Per-Page") != "1" || next(t, r) == "" {
		t.Errorf("the next page of a long list is %q, %q", r.Header.Get("X-Next-Page"), next(t, r))
	}
}

func TestProjectsOfAGroup(t *testing.T) {
	l, second, _, _ := groupLab(t, sandbox.Options{})
	if err := l.SetVisibility(second, sandbox.Private); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddBot("stranger", 0, "glpat-stranger"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		token, query string
		want         []string
	}{
		{botToken, "", []string{"create/gitaly", "create/source-code"}},
		{botToken, "?include_subgroups=true&sort=asc", []string{"create/source-code", "create/gitaly", "create/tools/lint"}},
		{botToken, "?visibility=private", []string{"create/gitaly"}},
		{"glpat-stranger", "", []string{"create/source-code"}},
	} {
		var got []string
		for _, p := range l.apiAs(tt.token, "GET", "/groups/create/projects"+tt.query, "").list(t) {
			got = append(got, p["path_with_namespace"].(string))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s%s (-want +got):\n%s", tt.token, tt.query, diff)
		}
	}
	project := l.must("GET", "/projects/create%2Fgitaly", "").object(t)
	if project["visibility"] != "private" || project["namespace"].(map[string]any)["full_path"] != "create" {
		t.Errorf("the project is %v", project)
	}
	if r := l.apiAs("glpat-stranger", "GET", "/projects/create%2Fgitaly", ""); r.StatusCode != 404 {
		t.Errorf("a private project answers a stranger with %d", r.StatusCode)
	}
	if g := l.must("GET", "/groups/create%2Ftools", "").object(t); g["full_path"] != "create/tools" || g["parent_id"] != 501.0 {
		t.Errorf("the group is %v", g)
	}
}

// Whoever lists issues of other projects leaves a note on each, which counts as activity there and which no hook tells of.
func TestMentionsInOtherProjects(t *testing.T) {
	var hours atomic.Int64
	l, second, _, _ := groupLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }})
	l.SetURL("https://gitlab.example")
	mentioned, linked, safe := l.open(sandbox.IssueOptions{}), l.open(sandbox.IssueOptions{}), l.open(sandbox.IssueOptions{})
	hours.Add(1)
	before := len(l.sent(0))
	const text = "create/source-code#1, [two](https://gitlab.example/create/source-code/-/issues/2), [three](https://gitlab.example/create/source-code/-/./issues/3)"
	report := l.openIn(second, sandbox.IssueOptions{Description: text})
	l.edit("omar", report, sandbox.Change{Description: ptr(text + "\nagain create/source-code#1")})
	for ref, want := range map[triage.Ref][]string{mentioned: {"mentioned in issue create/gitaly#1"}, linked: {"mentioned in issue create/gitaly#1"}, safe: nil} {
		i := l.Issue(ref)
		if diff := cmp.Diff(want, systemNotes(i)); diff != "" || i.UpdatedAt.After(i.CreatedAt) != (want != nil) {
			t.Errorf("%s was updated at %s (-want +got):\n%s", ref, i.UpdatedAt, diff)
		}
	}
	if n := len(l.sent(0)); n != before {
		t.Errorf("%d webhooks", n-before)
	}
}
