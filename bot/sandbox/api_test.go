package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

func TestAnswers(t *testing.T) {
	const p, i = "/projects/1", "/projects/1/issues/1"
	tests := []struct {
		method, path, body string
		status             int
		has                string // in the answer
	}{
		{"GET", "/user", "", 200, `"username":"flowkeeper-bot"`},
		{"GET", "/users?username=OMAR", "", 200, `"username":"omar"`},
		{"GET", "/version", "", 200, `"version":"19.`},
		{"GET", "/metadata", "", 200, `"enterprise":true`},
		{"GET", "/personal_access_tokens/self", "", 200, `"scopes":["api"]`},
		{"GET", "/nothing", "", 404, `{"error":"404 Not Found"}`},
		{"DELETE", i, "", 404, `{"error":"404 Not Found"}`},
		{"GET", p, "", 200, `"path_with_namespace":"create/source-code"`},
		{"GET", "/projects/create%2Fsource-code", "", 200, `"id":1`},
		{"GET", "/projects/2", "", 404, `{"message":"404 Project Not Found"}`},
		{"GET", i, "", 200, `"title":"Slow"`},
		{"GET", "/projects/create%2Fsource-code/issues/1", "", 200, `"iid":1`},
		{"GET", p + "/issues/99", "", 404, `{"message":"404 Not found"}`},
		{"GET", p + "/issues/x", "", 404, `{"message":"404 Not found"}`},
		{"POST", p + "/issues", `{}`, 400, `title is missing`},
		{"POST", p + "/issues", `{"title":" "}`, 400, `can't be blank`},
		{"POST", p + "/issues", `{"title":"` + strings.Repeat("x", 256) + `"}`, 400, `too long`},
		{"POST", p + "/issues", `{"title":"New","labels":"a,b","weight":2,"issue_type":"task","confidential":true}`, 201, `"labels":["a","b"]`},
		{"PUT", i, `{}`, 400, `at least one parameter must be provided`},
		{"PUT", i, `{"unknown":1}`, 400, `at least one parameter must be provided`},
		{"PUT", i, `{"weight":"heavy"}`, 400, `{"error":"weight is invalid"}`},
		{"PUT", i, `{"weight":-1}`, 400, `greater than or equal to 0`},
		{"PUT", i, `{"weight":1.5}`, 400, `weight is invalid`},
		{"PUT", i, `{"weight":99999999999}`, 400, `weight is invalid`},
		{"PUT", i, `{"state_event":"explode"}`, 400, `state_event is invalid`},
		{"PUT", i, `{"title":{}}`, 400, `title is invalid`},
		{"PUT", i, `{"add_labels":["a","b"]}`, 200, `"labels":["a","b"]`},
		{"PUT", i, `{"confidential":"perhaps"}`, 400, `confidential is invalid`},
		{"PUT", i, `{broken`, 400, `not a JSON object`},
		{"PUT", i, `{"assignee_ids":[0]}`, 200, `"assignees":[]`},
		{"PUT", i, `{"milestone_id":"x"}`, 400, `milestone_id is invalid`},
		{"POST", i + "/notes", `{}`, 400, `body is missing`},
		{"POST", i + "/notes", `{"body":""}`, 400, `can't be blank`},
		{"POST", i + "/notes", `{"body":"hi","internal":true}`, 201, `"internal":true`},
		{"PUT", i + "/notes/7", `{"body":"hi"}`, 404, `404 Note Not Found`},
		{"POST", i + "/discussions/7/notes", `{"body":"hi"}`, 404, `404 Discussion Not Found`},
		{"POST", i + "/award_emoji", `{"name":"+1"}`, 201, `"name":"thumbsup"`},
		{"POST", i + "/award_emoji", `{"name":""}`, 400, `name is missing`},
		{"DELETE", i + "/award_emoji/7", "", 404, `Not Found`},
		{"POST", p + "/labels", `{"name":"new","color":"#abc"}`, 201, `"name":"new"`},
		{"POST", p + "/labels", `{"name":"backend","color":"#abc"}`, 409, `already exists`},
		{"POST", p + "/labels", `{"name":"x","color":"red"}`, 400, `valid color`},
		{"GET", p + "/labels?search=back", "", 200, `"name":"backend"`},
		{"GET", p + "/milestones?title=19.2", "", 200, `"title":"19.2"`},
		{"GET", p + "/hooks", "", 403, `403 Forbidden`},
		{"POST", p + "/hooks", `{"url":"http://x"}`, 403, `403 Forbidden`},
		{"GET", p + "/members/all/1", "", 404, `404 Not found`},
		{"GET", p + "/issues?order_by=weight", "", 400, `order_by is invalid`},
		{"GET", p + "/issues?state=ajar", "", 400, `state is invalid`},
		{"GET", p + "/issues?updated_after=yesterday", "", 400, `updated_after is invalid`},
		{"GET", p + "/issues?per_page=many", "", 400, `per_page is invalid`},
		{"GET", p + "/issues?pagination=keyset&cursor=x", "", 400, `cursor is invalid`},
		{"GET", i + "/notes?activity_filter=x", "", 400, `activity_filter is invalid`},
		{"POST", i + "/links", `{}`, 400, `missing`},
		{"POST", i + "/links", `{"target_project_id":1,"target_issue_iid":1}`, 422, `cannot be related to itself`},
		{"POST", i + "/links", `{"target_project_id":9,"target_issue_iid":1}`, 404, `Project`},
		{"POST", i + "/links", `{"target_project_id":1,"target_issue_iid":9}`, 404, `Not found`},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path+" "+shorten(tt.body), func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			if _, err := l.AddMilestone(l.project, "19.2"); err != nil {
				t.Fatal(err)
			}
			if err := l.AddLabel(l.project, "backend", "", ""); err != nil {
				t.Fatal(err)
			}
			l.open(sandbox.IssueOptions{})
			r := l.api(tt.method, tt.path, tt.body)
			if r.StatusCode != tt.status || !strings.Contains(r.Text, tt.has) {
				t.Errorf("got %d %s, want %d with %s", r.StatusCode, r.Text, tt.status, tt.has)
			}
			for _, h := range []string{"RateLimit-Limit", "RateLimit-Observed", "RateLimit-Remaining", "RateLimit-Reset"} {
				if _, err := strconv.Atoi(r.Header.Get(h)); err != nil {
					t.Errorf("header %s is %q", h, r.Header.Get(h))
				}
			}
		})
	}
}

func shorten(s string) string { return s[:min(len(s), 60)] }

func TestTokens(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	tests := map[string]struct {
		header, value string
		status        int
	}{
		"private token": {"PRIVATE-TOKEN", botToken, 200},
		"bearer":        {"Authorization", "Bearer " + botToken, 200},
		"wrong":         {"PRIVATE-TOKEN", "glpat-other", 401},
		"empty":         {"PRIVATE-TOKEN", "", 401},
		"basic":         {"Authorization", "Basic " + botToken, 401},
		"bearer, empty": {"Authorization", "Bearer ", 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v4/projects/1/issues/1", nil)
			r.Header.Set(tt.header, tt.value)
			w := httptest.NewRecorder()
			l.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestPagesOfALongList(t *testing.T) {
	l := newLab(t, sandbox.Options{PageSize: 3})
	for n := range 8 {
		l.open(sandbox.IssueOptions{Title: fmt.Sprint("issue ", n+1)})
	}
	for name, path := range map[string]string{
		"offset": "/projects/1/issues?sort=asc&order_by=created_at&per_page=100",
		"keyset": "/projects/1/issues?sort=asc&order_by=updated_at&pagination=keyset&per_page=100",
	} {
		t.Run(name, func(t *testing.T) {
			var got []float64
			for path != "" {
				r := l.must("GET", path, "")
				page := r.list(t)
				if len(page) > 3 || len(got) > 8 {
					t.Fatalf("a page of %d rows, %d so far", len(page), len(got))
				}
				for _, i := range page {
					got = append(got, i["iid"].(float64))
				}
				path = next(t, r)
			}
			if diff := cmp.Diff([]float64{1, 2, 3, 4, 5, 6, 7, 8}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("headers", func(t *testing.T) {
		r := l.must("GET", "/projects/1/issues?page=2&per_page=3", "")
		for name, want := range map[string]string{
			"X-Page": "2", "X-Per-Page": "3", "X-Next-Page": "3", "X-Prev-Page": "1", "X-Total": "8", "X-Total-Pages": "3",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		r = l.must("GET", "/projects/1/issues?page=9&per_page=3", "")
		if n := len(r.list(t)); n != 0 || r.Header.Get("X-Next-Page") != "" {
			t.Errorf("behind the end: %d rows, next page %q", n, r.Header.Get("X-Next-Page"))
		}
	})
	t.Run("keyset does not lose rows that move", func(t *testing.T) {
		r := l.must("GET", "/projects/1/issues?sort=asc&order_by=updated_at&pagination=keyset&per_page=3", "")
		l.must("PUT", "/projects/1/issues/1", `{"title":"moved"}`)
		if got := l.must("GET", next(t, r), "").list(t)[0]["iid"]; got != 4.0 {
			t.Errorf("the second page begins with %v", got)
		}
	})
}

var nextLink = regexp.MustCompile(`<([^>]*)>; rel="next"`)

// next is the path of the next page, "" if there is none.
func next(t *testing.T, r reply) string {
	t.Helper()
	m := nextLink.FindStringSubmatch(r.Header.Get("Link"))
	if m == nil {
		return ""
	}
	u, err := url.Parse(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.RequestURI(), "/api/v4")
}

func TestFindingIssues(t *testing.T) {
	var hours atomic.Int64
	l := newLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }})
	l.open(sandbox.IssueOptions{Labels: []string{"a", "b"}})
	hours.Add(1)
	closed := l.open(sandbox.IssueOptions{Labels: []string{"a"}})
	l.edit("omar", closed, sandbox.Change{Close: true})
	hours.Add(1)
	l.open(sandbox.IssueOptions{})
	tests := map[string][]float64{
		"":                                    {3, 2, 1},
		"sort=asc":                            {1, 2, 3},
		"state=opened":                        {3, 1},
		"state=closed":                        {2},
		"state=all":                           {3, 2, 1},
		"labels=a":                            {2, 1},
		"labels=a,b":                          {1},
		"labels=None":                         {3},
		"labels=Any":                          {2, 1},
		"labels=A":                            {},
		"updated_after=2026-11-23T12:30Z":     nil, // not a time: refused
		"updated_after=2026-11-23T12:30:00Z":  {3, 2},
		"updated_before=2026-11-23T12:30:00Z": {1},
		"iids[]=1&iids[]=3":                   {3, 1},
		"order_by=updated_at&sort=asc":        {1, 2, 3},
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			r := l.api("GET", "/projects/1/issues?"+query, "")
			if want == nil {
				if r.StatusCode != http.StatusBadRequest {
					t.Errorf("got %d", r.StatusCode)
				}
				return
			}
			got := []float64{}
			for _, i := range r.list(t) {
				got = append(got, i["iid"].(float64))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("with label details", func(t *testing.T) {
		list := l.must("GET", "/projects/1/issues?labels=b&with_labels_details=true", "").list(t)
		if got := list[0]["labels"].([]any)[1].(map[string]any)["name"]; got != "b" {
			t.Errorf("the second label is %v", got)
		}
	})
}

func TestNoteLists(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "first")
	l.edit("omar", ref, sandbox.Change{Assignees: &[]string{"maria"}})
	if _, err := l.CommentInternally("omar", ref, "inside"); err != nil {
		t.Fatal(err)
	}
	if err := l.AddToken("gil", "glpat-gil"); err != nil {
		t.Fatal(err)
	}
	bodies := func(r reply) []string {
		var list []string
		for _, n := range r.list(t) {
			list = append(list, n["body"].(string))
		}
		return list
	}
	for query, want := range map[string][]string{
		"":                                      {"inside", "assigned to @maria", "first"},
		"?sort=asc":                             {"first", "assigned to @maria", "inside"},
		"?activity_filter=only_comments":        {"inside", "first"},
		"?activity_filter=only_activity":        {"assigned to @maria"},
		"?order_by=updated_at&sort=asc":         {"first", "assigned to @maria", "inside"},
		"?activity_filter=only_comments&page=2": nil,
	} {
		if diff := cmp.Diff(want, bodies(l.must("GET", "/projects/1/issues/1/notes"+query, ""))); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if got := bodies(l.apiAs("glpat-gil", "GET", "/projects/1/issues/1/notes", "")); slices.Contains(got, "inside") {
		t.Errorf("a guest reads %v", got)
	}
}

func TestDiscussions(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "a question")
	id := l.Issue(ref).Notes[0].Discussion
	if len(id) != 40 {
		t.Errorf("the id of a discussion is %q", id)
	}
	reply := l.must("POST", "/projects/1/issues/1/discussions/"+id+"/notes", `{"body":"an answer"}`).object(t)
	if reply["type"] != "DiscussionNote" {
		t.Errorf("the reply's type is %v", reply["type"])
	}
	l.must("POST", "/projects/1/issues/1/discussions", `{"body":"a thread"}`)
	type thread struct {
		Single bool
		Notes  int
	}
	var got []thread
	for _, d := range l.must("GET", "/projects/1/issues/1/discussions", "").list(t) {
		got = append(got, thread{d["individual_note"].(bool), len(d["notes"].([]any))})
	}
	if diff := cmp.Diff([]thread{{false, 2}, {false, 1}}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(l.must("GET", "/projects/1/issues/1/discussions/"+id, "").object(t)["notes"].([]any)); n != 2 {
		t.Errorf("the discussion has %d notes", n)
	}
	sent := l.sent(2)
	if sent[0].at("object_attributes.discussion_id") != id || sent[0].at("object_attributes.type") != "DiscussionNote" {
		t.Errorf("the hook says %v", sent[0].at("object_attributes"))
	}
}

func TestRepliesToInternalNotesAreInternal(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	if _, err := l.CommentInternally("omar", ref, "inside"); err != nil {
		t.Fatal(err)
	}
	id := l.Issue(ref).Notes[0].Discussion
	if r := l.must("POST", "/projects/1/issues/1/discussions/"+id+"/notes", `{"body":"answer"}`).object(t); r["internal"] != true {
		t.Errorf("the reply is %v", r)
	}
}

func TestReactionsThroughTheAPI(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	on := note(l.comment("omar", ref, "hi")) + "/award_emoji"
	made := l.must("POST", on, `{"name":"white_check_mark"}`).object(t)
	if r := l.api("POST", on, `{"name":"white_check_mark"}`); r.StatusCode != 404 || !strings.Contains(r.Text, "already been taken") {
		t.Errorf("a second time: %d %s", r.StatusCode, r.Text)
	}
	if n := len(l.must("GET", on, "").list(t)); n != 1 {
		t.Errorf("%d reactions", n)
	}
	if err := l.AddToken("gil", "glpat-gil"); err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("%s/%.0f", on, made["id"])
	if r := l.apiAs("glpat-gil", "DELETE", one, ""); r.StatusCode != 403 {
		t.Errorf("another's reaction: %d", r.StatusCode)
	}
	if r := l.must("DELETE", one, ""); r.StatusCode != 204 || r.Text != "" {
		t.Errorf("taken back: %d %q", r.StatusCode, r.Text)
	}
	if n := len(l.Issue(ref).Notes[0].Awards); n != 0 {
		t.Errorf("%d reactions left", n)
	}
}

func TestLinks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	l.open(sandbox.IssueOptions{Title: "Other"})
	l.must("POST", "/projects/1/issues/1/links", `{"target_project_id":"create/source-code","target_issue_iid":2,"link_type":"is_blocked_by"}`)
	for path, want := range map[string][]any{
		"/projects/1/issues/1/links": {"is_blocked_by", "Other"}, "/projects/1/issues/2/links": {"blocks", "Slow"},
	} {
		r := l.must("GET", path, "").list(t)
		if diff := cmp.Diff(want, []any{r[0]["link_type"], r[0]["title"]}); diff != "" || len(r) != 1 {
			t.Errorf("%s: %s", path, diff)
		}
	}
	free := newLab(t, sandbox.Options{Edition: sandbox.Free})
	free.open(sandbox.IssueOptions{})
	free.open(sandbox.IssueOptions{})
	if r := free.api("POST", "/projects/1/issues/1/links", `{"target_project_id":1,"target_issue_iid":2,"link_type":"blocks"}`); r.StatusCode != 403 {
		t.Errorf("blocks without a licence: %d", r.StatusCode)
	}
}

func TestMembersAndMilestones(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	milestone, err := l.AddMilestone(l.project, "19.2")
	if err != nil {
		t.Fatal(err)
	}
	ref := l.open(sandbox.IssueOptions{})
	for name, want := range map[string]int{"omar": 200, "nora": 404} {
		id := l.must("GET", "/users?username="+name, "").list(t)[0]["id"].(float64)
		r := l.api("GET", fmt.Sprintf("/projects/1/members/all/%.0f", id), "")
		if r.StatusCode != want || want == 200 && r.object(t)["access_level"] != 30.0 {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Text)
		}
		l.must("PUT", "/projects/1/issues/1", fmt.Sprintf(`{"assignee_ids":[%.0f],"milestone_id":%d}`, id, milestone))
		if i := l.Issue(ref); i.Milestone != "19.2" || !slices.Equal(i.Assignees, []string{name}) {
			t.Errorf("milestone %q, assignees %v", i.Milestone, i.Assignees)
		}
	}
	l.must("PUT", "/projects/1/issues/1", `{"milestone_id":0,"assignee_ids":[]}`)
	if i := l.Issue(ref); i.Milestone != "" || len(i.Assignees) != 0 {
		t.Errorf("milestone %q, assignees %v", i.Milestone, i.Assignees)
	}
}

func TestHooksThroughTheAPI(t *testing.T) {
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Maintainer})
	made := l.must("POST", "/projects/1/hooks", `{"url":"http://bot.test/x","token":"s","issues_events":true,"note_events":false}`).object(t)
	path := fmt.Sprintf("/projects/1/hooks/%.0f", made["id"])
	got := l.must("GET", path, "").object(t)
	for key, want := range map[string]any{
		"url": "http://bot.test/x", "issues_events": true, "note_events": false, "emoji_events": false, "token_present": true,
		"signing_token_present": false, "alert_status": "executable", "token": nil,
	} {
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	l.must("PUT", path, `{"note_events":true,"issues_events":false}`)
	if diff := cmp.Diff([]string{"note"}, l.Hooks(l.project)[1].Events); diff != "" {
		t.Error(diff)
	}
	if r := l.api("PUT", path, `{"url":"nowhere"}`); r.StatusCode != 400 {
		t.Errorf("a bad URL: %d", r.StatusCode)
	}
	if n := len(l.must("GET", "/projects/1/hooks", "").list(t)); n != 2 {
		t.Errorf("%d hooks", n)
	}
	l.must("DELETE", path, "")
	if r := l.api("GET", path, ""); r.StatusCode != 404 {
		t.Errorf("a deleted hook: %d", r.StatusCode)
	}
}
