package gitlab_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
)

// groupList is a GitLab with a group's list of issues, which has pages by row number only.
type groupList struct {
	NoTotal bool // as over 10,000 issues
	Text    int  // bytes of each description

	mu      sync.Mutex
	issues  []listed
	queries []url.Values
}

// listed is an issue of the list.
type listed struct {
	iid     int64
	created time.Time
}

// crowd are n issues of a group. Each moment has two of them.
func crowd(n int) *groupList {
	g := &groupList{}
	for i := range n {
		g.issues = append(g.issues, listed{int64(i + 1), noon.Add(time.Duration(i/2) * time.Minute)})
	}
	return g
}

// remove takes an issue off the list, as closing it does.
func (g *groupList) remove(iid int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.issues = slices.DeleteFunc(g.issues, func(i listed) bool { return i.iid == iid })
}

func (g *groupList) answer(w http.ResponseWriter, r *http.Request) bool {
	q := r.URL.Query()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queries = append(g.queries, q)
	since, _ := time.Parse(time.RFC3339Nano, q.Get("created_after"))
	page, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("per_page"))
	found := slices.DeleteFunc(slices.Clone(g.issues), func(i listed) bool { return i.created.Before(since) })
	from, to := min((page-1)*size, len(found)), min(page*size, len(found))
	next := ""
	if to < len(found) {
		next = strconv.Itoa(page + 1)
	}
	w.Header()["X-Next-Page"] = []string{next}
	if !g.NoTotal {
		w.Header().Set("X-Total", strconv.Itoa(len(found)))
	}
	body := []map[string]any{}
	for _, i := range found[from:to] {
		body = append(body, map[string]any{
			"id": 1000 + i.iid, "iid": i.iid, "project_id": 7 + i.iid%2, "title": "Slow", "description": "Very." + strings.Repeat("x", g.Text), "state": "opened", "labels": []string{"UX"},
			"milestone": map[string]any{"id": 70, "title": "19.7"}, "created_at": i.created, "updated_at": i.created,
			"references": map[string]any{"full": fmt.Sprintf("my-group/app#%d", i.iid)},
		})
	}
	reply(w, http.StatusOK, body)
	return true
}

func (g *groupList) client(t *testing.T) *gitlab.Client {
	t.Helper()
	s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.EscapedPath() == "/api/v4/groups/my-group%2Fsub/issues" && g.answer(w, r)
	}}
	return s.client(t)
}

func TestEachIssueOfGroup(t *testing.T) {
	t.Parallel()
	for name, noTotal := range map[string]bool{"counted": false, "not counted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const size = 250
			g := crowd(size)
			g.NoTotal = noTotal
			var got, want []int64
			var totals []int
			list := gitlab.IssueList{
				Group: "my-group/sub", Open: true, Labels: []string{"UX", "group::a b"}, Milestone: "19.7",
				Page: func(total int) { totals = append(totals, total) },
			}
			err := g.client(t).EachIssue(t.Context(), list, func(i gitlab.ListedIssue) error {
				got = append(got, i.IID)
				if i.Description != "" || i.MilestoneTitle != "19.7" || i.Path != "my-group/app" || i.Project != 7+i.IID%2 {
					t.Errorf("issue %+v", i)
				}
				if i.IID == 80 { // rows move up
					g.remove(3)
					g.remove(4)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range int64(size) {
				want = append(want, i+1)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("issues (-want +got):\n%s", diff)
			}
			total := size
			if noTotal {
				total = 0
			}
			if diff := cmp.Diff([]int{total, total, total}, totals); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			first := g.queries[0]
			for key, value := range map[string]string{
				"state": "opened", "scope": "all", "labels": "UX,group::a b", "milestone": "19.7", "order_by": "created_at", "sort": "asc", "per_page": "100", "created_after": "",
			} {
				if first.Get(key) != value {
					t.Errorf("the first page is asked for with %s=%q, want %q", key, first.Get(key), value)
				}
			}
		})
	}
}

// TestEachIssueInFewPages is what a report costs: each page but the last brings at least 98 new issues where no more than two are of one moment.
func TestEachIssueInFewPages(t *testing.T) {
	t.Parallel()
	g := crowd(5000)
	n := 0
	err := g.client(t).EachIssue(t.Context(), gitlab.IssueList{Group: "my-group/sub"}, func(gitlab.ListedIssue) error { n++; return nil })
	if err != nil || n != 5000 || len(g.queries) > 52 {
		t.Errorf("%d issues by %d calls, %v", n, len(g.queries), err)
	}
}

// TestEachIssueWithLongDescriptions reads no page of many megabytes: a report is made beside other work.
func TestEachIssueWithLongDescriptions(t *testing.T) {
	t.Parallel()
	const text, size, most = 150 << 10, 120, 8 << 20
	g := crowd(size)
	g.Text = text
	read, before := 0, 0
	seen := map[int64]bool{}
	list := gitlab.IssueList{Group: "my-group/sub", Page: func(int) {
		if got := read - before; got*text > most {
			t.Errorf("a page had %d issues", got)
		}
		before = read
	}}
	err := g.client(t).EachIssue(t.Context(), list, func(i gitlab.ListedIssue) error {
		read++
		seen[i.IID] = true
		return nil
	})
	if err != nil || len(seen) != size {
		t.Errorf("%d issues, %v", len(seen), err)
	}
	if got := read - before; got*text > most {
		t.Errorf("the last page had %d issues", got)
	}
}

func TestEachIssueFails(t *testing.T) {
	t.Parallel()
	list := gitlab.IssueList{Group: "my-group/sub"}
	enough := errors.New("enough")
	if err := crowd(3).client(t).EachIssue(t.Context(), list, func(gitlab.ListedIssue) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error is %v, want the caller's own", err)
	}
	never := func(gitlab.ListedIssue) error { t.Error("an issue is handed on"); return nil }
	hidden := server{Answer: at("/issues", always(http.StatusNotFound, "application/json", `{"message":"404 Group Not Found"}`))}
	check(t, hidden.client(t).EachIssue(t.Context(), gitlab.IssueList{Group: "none", Open: true}, never), gitlab.NotFound, "listing the open issues of group none: ")
	odd := server{Answer: at("/issues", always(http.StatusOK, "application/json", `[{"id":1}]`))}
	check(t, odd.client(t).EachIssue(t.Context(), gitlab.IssueList{Project: "a/b", Milestone: "19.7"}, never), gitlab.Transient,
		`listing the issues of milestone "19.7" of project a/b: `)
}

// TestEachIssueGoesOn begins again behind what was handed on before an error.
func TestEachIssueGoesOn(t *testing.T) {
	t.Parallel()
	c, stop := crowd(250).client(t), errors.New("stop")
	list := gitlab.IssueList{Group: "my-group/sub"}
	seen := map[int64]int{}
	for _, until := range []int{130, 131, 1000} {
		n := 0
		err := c.EachIssue(t.Context(), list, func(i gitlab.ListedIssue) error {
			if n++; n > until {
				return stop
			}
			seen[i.IID]++
			list.Since = i.CreatedAt
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
	repeated := 0
	for _, n := range seen {
		repeated += n - 1
	}
	if len(seen) != 250 || repeated > 4 {
		t.Errorf("%d issues were handed on, %d more than once; want 250 and at most 4", len(seen), repeated)
	}
}

func TestIssuesByURL(t *testing.T) {
	t.Parallel()
	var asked []string
	s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.EscapedPath() != "/api/v4/projects/my-group%2Fapp/issues" && r.URL.EscapedPath() != "/api/v4/projects/my-group%2Fgone/issues" {
			return false
		}
		iids := r.URL.Query()["iids[]"]
		asked = append(asked, fmt.Sprint(path.Base(path.Dir(r.URL.Path)), len(iids)))
		if strings.Contains(r.URL.Path, "gone") {
			reply(w, http.StatusNotFound, map[string]any{"message": "404 Project Not Found"})
			return true
		}
		body := []map[string]any{}
		for _, text := range iids {
			iid, _ := strconv.ParseInt(text, 10, 64)
			if iid%50 == 0 {
				body = append(body, map[string]any{"id": 1000 + iid, "iid": iid, "project_id": 7, "title": "Slow", "description": "Very.", "state": "closed", "milestone": nil})
			}
		}
		reply(w, http.StatusOK, body)
		return true
	}}
	c := s.client(t)
	base := strings.TrimPrefix(c.String(), "GitLab at ")
	urls := []string{base + "/my-group/gone/-/issues/3", base + "/my-group/app/-/work_items/50"}
	for n := range 150 {
		urls = append(urls, fmt.Sprintf("%s/my-group/app/-/issues/%d", base, n+1))
	}
	found, err := c.IssuesByURL(t.Context(), urls)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range found {
		got = append(got, fmt.Sprint(i.Ref, i.Closed, i.Description+i.MilestoneTitle))
	}
	if diff := cmp.Diff([]string{"7#50 true", "7#100 true", "7#150 true"}, got); diff != "" {
		t.Errorf("issues (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"app100", "app50", "gone1"}, slices.Sorted(slices.Values(asked))); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if found, err := c.IssuesByURL(t.Context(), nil); found != nil || err != nil || len(asked) != 3 {
		t.Errorf("without addresses: %v, %v, %d calls", found, err, len(asked)-3)
	}
	_, err = c.IssuesByURL(t.Context(), []string{"https://elsewhere.example/a/b/-/issues/1"})
	check(t, err, gitlab.Permanent, "is not an address on")
}

func TestWhoMayReadAProject(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body            string
		public, premium bool
	}{
		"private":              {body: `"visibility":"private","issues_access_level":"enabled","approvals_before_merge":0`, premium: true},
		"public":               {body: `"visibility":"public","issues_access_level":"enabled"`, public: true},
		"internal":             {body: `"visibility":"internal","issues_access_level":"enabled","issues_template":null`, public: true, premium: true},
		"issues for members":   {body: `"visibility":"public","issues_access_level":"private","issues_template":""`, premium: true},
		"unknown visibility":   {body: `"visibility":"galactic"`, public: true},
		"visibility not there": {body: `"name":"app"`, public: true},
	} {
		s := server{Answer: at("/projects/my-group/app", always(http.StatusOK, "application/json", `{"id":7,"path_with_namespace":"my-group/app",`+tt.body+`}`))}
		got, err := s.client(t).ProjectAt(t.Context(), "my-group/app")
		if err != nil || got.Public != tt.public || got.Premium != tt.premium {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, tt)
		}
	}
}

func TestGroupMilestoneDates(t *testing.T) {
	t.Parallel()
	s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.EscapedPath() == "/api/v4/groups/a%2Fb/milestones" && r.URL.Query().Get("include_ancestors") == "true" &&
			always(http.StatusOK, "application/json", `[{"id":1,"group_id":3,"title":"19.7","start_date":"2026-11-14","due_date":null}]`)(w, r)
	}}
	got, err := s.client(t).GroupMilestoneDates(t.Context(), "a/b")
	if err != nil || len(got) != 1 || got[0].Title != "19.7" || got[0].Start.String() != "2026-11-14" || !got[0].Due.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.client(t).GroupMilestoneDates(t.Context(), "none")
	check(t, err, gitlab.NotFound, "listing the milestones of group none: ")
}
