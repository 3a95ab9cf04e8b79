package sandbox_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

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
		{"POST", i + "/notes", `{"body":"hi","confidential":true}`, 201, `"internal":true`},
		{"PUT", i + "/notes/7", `{"body":"hi"}`, 404, `404 Note Not Found`},
		{"POST", i + "/discussions/7/notes", `{"body":"hi"}`, 404, `404 Discussion Not Found`},
		{"POST", i + "/award_emoji", `{"name":"+1"}`, 201, `"name":"thumbsup"`},
		{"POST", i + "/award_emoji", `{"name":""}`, 400, `name is missing`},
		{"DELETE", i + "/award_emoji/7", "", 404, `Not Found`},
		{"POST", p + "/labels", `{"name":"new","color":"#abc"}`, 201, `"name":"new"`},
		{"POST", p + "/labels", `{"name":"backend","color":"#abc"}`, 409, `already exists`},
		{"POST", p + "/labels", `{"name":"x","color":"#12345"}`, 400, `valid color`},
		{"GET", p + "/labels?search=back", "", 200, `"name":"backend"`},
		{"GET", p + "/milestones?title=19.2", "", 200, `"title":"19.2"`},
		{"GET", p + "/hooks", "", 403, `403 Forbidden`},
		{"POST", p + "/hooks", `{"url":"http://x"}`, 403, `403 Forbidden`},
		{"GET", p + "/members/all/1", "", 404, `404 Not found`},
		{"GET", p + "/issues?order_by=stars", "", 400, `order_by is invalid`},
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
