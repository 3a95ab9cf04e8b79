package gitlab_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// at answers requests whose path ends so; the server answers all others.
func at(suffix string, answer func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, suffix) && answer(w, r)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	const links = `[
		{"id":901,"iid":13,"project_id":7,"issue_link_id":1,"link_type":"is_blocked_by","created_at":"2026-10-05T12:00:00.000Z"},
		{"id":902,"iid":14,"project_id":8,"issue_link_id":2,"created_at":"2026-10-05T12:01:00.000Z"}]`
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   []triage.Link
	}{
		"none": {always(http.StatusOK, "application/json", `[]`), nil},
		"with and without kinds": {always(http.StatusOK, "application/json", links), []triage.Link{
			{Kind: "is_blocked_by", Ref: triage.Ref{Project: 7, IID: 13}, Created: noon},
			{Kind: "relates_to", Ref: triage.Ref{Project: 8, IID: 14}, Created: noon.Add(time.Minute)},
		}},
		"no such list": {always(http.StatusNotFound, "application/json", `{"error":"404 Not Found"}`), nil},
		"no licence":   {always(http.StatusForbidden, "application/json", `{"message":"403 Forbidden"}`), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: at("/links", tt.answer)}
			got, err := s.client(t).Links(t.Context(), ref)
			if err != nil {
				t.Fatalf("loading: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

// GitLab sends all links at once and without saying that there are no more pages.
func TestManyLinks(t *testing.T) {
	t.Parallel()
	for _, n := range []int{99, 100, 250} {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"issue_link_id":%d,"link_type":"blocks"}`, i+1))
		}
		s := server{Answer: at("/links", always(http.StatusOK, "application/json", "["+strings.Join(all, ",")+"]"))}
		got, err := s.client(t).Links(t.Context(), ref)
		if err != nil || len(got) != n {
			t.Errorf("loaded %d links, %v; want %d", len(got), err, n)
		}
	}
}

// Of a list that cannot be had, only GitLab itself can say that the issue or the feature is not there.
func TestAroundFailures(t *testing.T) {
	t.Parallel()
	var (
		gone      = always(http.StatusNotFound, "application/json", `{"message":"404 Not found"}`)
		denied    = always(http.StatusForbidden, "application/json", `{"message":"403 Forbidden"}`)
		proxy     = always(http.StatusNotFound, "text/html", "<html>")
		odd       = always(http.StatusOK, "application/json", `[{"created_at":7}]`)
		other     = always(http.StatusOK, "application/json", `{"id":4,"state":"active","access_level":40}`)
		links     = func(c *gitlab.Client) error { _, err := c.Links(t.Context(), ref); return err }
		awards    = func(c *gitlab.Client) error { _, err := c.Awards(t.Context(), ref, 0); return err }
		onNote    = func(c *gitlab.Client) error { _, err := c.Awards(t.Context(), ref, 31); return err }
		comments  = func(c *gitlab.Client) error { _, err := c.Comments(t.Context(), ref, noon); return err }
		level     = func(c *gitlab.Client) error { _, err := c.AccessLevel(t.Context(), 7, 3); return err }
		dates     = func(c *gitlab.Client) error { _, err := c.MilestoneDates(t.Context(), "team/project"); return err }
		milestone = func(c *gitlab.Client) error {
			_, err := c.UpdateIssue(t.Context(), state{}.issue(), triage.SetMilestone{Title: "Backlog"}.Apply(state{}.issue()))
			return err
		}
	)
	tests := map[string]struct {
		call   func(*gitlab.Client) error
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
		says   string
	}{
		"links, no issue":         {links, gone, gitlab.NotFound, "loading issue 7#12: "},
		"links, proxy":            {links, proxy, gitlab.Unavailable, "loading the links of issue 7#12: "},
		"links, unreadable":       {links, odd, gitlab.Transient, "loading the links of issue 7#12: "},
		"awards, no issue":        {awards, gone, gitlab.NotFound, "loading the reactions to issue 7#12: "},
		"awards, denied":          {awards, denied, gitlab.Permanent, "loading the reactions to issue 7#12: "},
		"awards, no note":         {onNote, gone, gitlab.NotFound, "loading the reactions to comment 31 of issue 7#12: "},
		"comments, no issue":      {comments, gone, gitlab.NotFound, "loading the comments of issue 7#12: "},
		"comments, proxy":         {comments, proxy, gitlab.Unavailable, "loading the comments of issue 7#12: "},
		"comments, unreadable":    {comments, odd, gitlab.Transient, "loading the comments of issue 7#12: "},
		"level, proxy":            {level, proxy, gitlab.Unavailable, "loading the access level of user 3 in project 7: "},
		"level, of somebody else": {level, other, gitlab.Transient, "the answer is not that member"},
		"dates, no project":       {dates, gone, gitlab.NotFound, "listing the milestones of project team/project: "},
		"dates, unreadable":       {dates, always(http.StatusOK, "application/json", `[{"due_date":"soon"}]`), gitlab.Transient, "listing the milestones of project team/project: "},
		"milestone, proxy":        {milestone, proxy, gitlab.Unavailable, `looking up milestone "Backlog" of project 7: `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			check(t, tt.call(s.client(t)), tt.class, tt.says)
		})
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		want   int
	}{
		"developer":       {http.StatusOK, `{"id":3,"state":"active","membership_state":"active","access_level":30}`, 30},
		"older versions":  {http.StatusOK, `{"id":3,"state":"active","access_level":20}`, 20},
		"blocked":         {http.StatusOK, `{"id":3,"state":"blocked","membership_state":"active","access_level":30}`, 0},
		"awaiting a seat": {http.StatusOK, `{"id":3,"state":"active","membership_state":"awaiting","access_level":30}`, 0},
		"no member":       {http.StatusNotFound, `{"message":"404 Not found"}`, 0},
		"hidden":          {http.StatusForbidden, `{"message":"403 Forbidden"}`, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: at("/api/v4/projects/7/members/all/3", always(tt.status, "application/json", tt.body))}
			got, err := s.client(t).AccessLevel(t.Context(), 7, 3)
			if err != nil || got != tt.want {
				t.Errorf("level %d, %v; want %d", got, err, tt.want)
			}
		})
	}
}

// Of more comments than are read, the newest count.
func TestTooManyComments(t *testing.T) {
	t.Parallel()
	s := server{Page: 1}
	var want, got []int64
	for id := int64(51); id > 0; id-- { // the newest first, as asked for
		s.Notes = append(s.Notes, note{ID: id})
		want = append(want, id)
	}
	comments, err := s.client(t).Comments(t.Context(), ref, time.Time{})
	for _, c := range comments {
		got = append(got, c.ID)
	}
	if diff := cmp.Diff(want[:50], got); err != nil || diff != "" {
		t.Errorf("%v, ids (-want +got):\n%s", err, diff)
	}
}

// A deleted account has no name and wrote or reacted all the same.
func TestGhosts(t *testing.T) {
	t.Parallel()
	s := server{Answer: at("/award_emoji", always(http.StatusOK, "application/json", `[{"id":1,"name":"thumbsup","user":null}]`))}
	c := s.client(t)
	awards, err := c.Awards(t.Context(), ref, 0)
	if diff := cmp.Diff([]gitlab.Award{{Name: "thumbsup"}}, awards); err != nil || diff != "" {
		t.Errorf("%v, reactions (-want +got):\n%s", err, diff)
	}
	s.do(func() {
		s.Answer = at("/notes", always(http.StatusOK, "application/json", `[
			{"id":2,"author":null,"body":"LGTM","confidential":true,"created_at":"2026-10-05T12:00:00Z"},
			{"id":1,"author":{"id":3},"body":"closed","system":true,"created_at":"2026-10-05T12:00:00Z"}]`))
	})
	comments, err := c.Comments(t.Context(), ref, noon)
	want := []gitlab.Comment{{ID: 2, Body: "LGTM", Internal: true, CreatedAt: noon}}
	if diff := cmp.Diff(want, comments); err != nil || diff != "" {
		t.Errorf("%v, comments (-want +got):\n%s", err, diff)
	}
}

// The timeline tells comments, changes and mentions apart, and is read no further than asked.
func TestActivities(t *testing.T) {
	t.Parallel()
	var pages atomic.Int64
	s := server{Answer: at("/notes", func(w http.ResponseWriter, r *http.Request) bool {
		if pages.Add(1); r.FormValue("sort") != "desc" || r.FormValue("order_by") != "created_at" || r.FormValue("activity_filter") != "" {
			t.Errorf("asked with %s", r.URL.RawQuery)
		}
		w.Header().Set("X-Next-Page", "2")
		return always(http.StatusOK, "application/json", `[
			{"id":8,"author":{"id":3},"body":"marked this merge request as **ready**","system":true,"created_at":"2026-10-05T12:06:00Z"},
			{"id":7,"author":{"id":3},"body":"marked this merge request as **draft** from 0123abcd","system":true,"created_at":"2026-10-05T12:05:00Z"},
			{"id":6,"author":{"id":3},"body":"marked this merge request as **ready**","created_at":"2026-10-05T12:04:00Z"},
			{"id":5,"author":{"id":3},"body":"mentioned in issue #9","created_at":"2026-10-05T12:03:00Z"},
			{"id":4,"author":{"id":3},"body":"mentioned in commit 0123abcd","system":true,"created_at":"2026-10-05T12:02:00Z"},
			{"id":3,"author":{"id":4},"body":"changed target branch from 'a' to 'main'","system":true,"created_at":"2026-10-05T12:01:00Z"},
			{"id":2,"author":null,"body":"assigned to @ann","system":true,"created_at":"2026-10-05T12:00:00Z"},
			{"id":1,"author":{"id":3},"body":"long ago","created_at":"2026-10-05T11:59:59Z"}]`)(w, r)
	})}
	got, err := s.client(t).Activities(t.Context(), ref, noon)
	want := []gitlab.Activity{
		{Kind: gitlab.Changed, Actor: 3, At: noon.Add(6 * time.Minute), Stage: gitlab.Ready}, {Kind: gitlab.Changed, Actor: 3, At: noon.Add(5 * time.Minute), Stage: gitlab.Draft},
		{Kind: gitlab.Commented, Actor: 3, At: noon.Add(4 * time.Minute)}, {Kind: gitlab.Commented, Actor: 3, At: noon.Add(3 * time.Minute)}, {Kind: gitlab.Mention, Actor: 3, At: noon.Add(2 * time.Minute)},
		{Kind: gitlab.Changed, Actor: 4, At: noon.Add(time.Minute), Stage: gitlab.Retargeted}, {Kind: gitlab.Changed, At: noon},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" || pages.Load() != 1 {
		t.Errorf("%v, %d pages, activities (-want +got):\n%s", err, pages.Load(), diff)
	}
}

// In a GitLab whose pages hold two entries, everything around an issue is found, and comments are read no further than asked.
func TestSandboxAround(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	people := map[string]triage.Person{}
	for name, level := range map[string]int{"ann": sandbox.Developer, "omar": sandbox.Maintainer, "mia": sandbox.Guest, "eve": 0} {
		id, err := lab.AddUser(name, name, level)
		if err != nil {
			t.Fatal(err)
		}
		people[name] = triage.Person{ID: id, Username: name}
		if got, err := c.AccessLevel(t.Context(), ref.Project, id); err != nil || got != level {
			t.Errorf("the level of %s is %d, %v; want %d", name, got, err, level)
		}
	}

	var ids []int64
	for n := range 5 {
		id, err := lab.Comment([]string{"ann", "omar"}[n%2], ref, fmt.Sprint("comment ", n))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := lab.Edit("ann", ref, sandbox.Change{Title: new("Slower")}); err != nil { // leaves a system note
		t.Fatal(err)
	}
	all, err := c.Comments(t.Context(), ref, time.Time{})
	if err != nil || len(all) != 5 || all[0].ID != ids[4] || all[4].ID != ids[0] || all[3].Author != people["omar"] || all[3].Body != "comment 1" {
		t.Errorf("comments %+v, %v; want five, the newest first", all, err)
	}
	if got, err := c.Comments(t.Context(), ref, all[0].CreatedAt.Add(time.Second)); err != nil || len(got) != 0 {
		t.Errorf("later comments %+v, %v; want none", got, err)
	}

	for _, name := range []string{"ann", "omar", "mia"} {
		for _, note := range []int64{0, ids[0]} {
			if err := lab.React(name, ref, note, "thumbsup"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := lab.Unreact("mia", ref, ids[0], "thumbsup"); err != nil {
		t.Fatal(err)
	}
	onIssue := []gitlab.Award{{User: people["ann"], Name: "thumbsup"}, {User: people["omar"], Name: "thumbsup"}, {User: people["mia"], Name: "thumbsup"}}
	for note, want := range map[int64][]gitlab.Award{0: onIssue, ids[0]: onIssue[:2], ids[1]: nil} {
		got, err := c.Awards(t.Context(), ref, note)
		for n := range got {
			if got[n].At.IsZero() {
				t.Errorf("reaction %+v has no time", got[n])
			}
			got[n].At = time.Time{}
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, reactions to %d (-want +got):\n%s", err, note, diff)
		}
	}
	_, err = c.Awards(t.Context(), ref, 999999)
	check(t, err, gitlab.NotFound)

	var want []triage.Link
	for n, kind := range []string{"blocks", "is_blocked_by", "relates_to"} {
		other, err := lab.Open("omar", ref.Project, sandbox.IssueOptions{Title: fmt.Sprint("other ", n)})
		if err != nil {
			t.Fatal(err)
		}
		link(t, lab, ref, other, kind)
		want = append(want, triage.Link{Kind: kind, Ref: other, Created: lab.Issue(other).CreatedAt})
	}
	got, err := c.Links(t.Context(), ref)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, links (-want +got):\n%s", err, diff)
	}
}

// link links two issues through the sandbox's API, as the bot's user.
func link(t *testing.T, lab *sandbox.Server, from, to triage.Ref, kind string) {
	t.Helper()
	path := fmt.Sprintf("/api/v4/projects/%d/issues/%d/links?target_project_id=%d&target_issue_iid=%d&link_type=%s",
		from.Project, from.IID, to.Project, to.IID, kind)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil)
	r.Header.Set("PRIVATE-TOKEN", token)
	w := httptest.NewRecorder()
	lab.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Fatalf("linking: %d %s", w.Code, w.Body)
	}
}
