package gitlab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

func TestIssue(t *testing.T) {
	t.Parallel()
	const head = `{"id":900,"iid":12,"project_id":7,`
	bare := triage.Issue{Ref: ref, ID: 900, NoWeights: true}
	with := func(change func(*triage.Issue)) triage.Issue {
		i := bare
		change(&i)
		return i
	}
	tests := map[string]struct {
		json string
		want triage.Issue
	}{
		"everything": {`{"id":9007199254740993,"iid":12,"project_id":7,"title":"Slow","description":"It is slow.","state":"closed",
			"created_at":"2026-10-05T12:00:00.123Z","updated_at":"2026-10-05T14:00:00.456+02:00","labels":["b","a::1"],"weight":3,
			"type":"ISSUE","issue_type":"issue","confidential":true,"moved_to_id":4,"web_url":"https://gl.example/g/p/-/issues/12",
			"references":{"short":"#12","relative":"#12","full":"g/p#12"},"author":{"id":3,"username":"ann"},
			"assignees":[{"id":4,"username":"bob"},{"id":5,"username":"cy"}],"assignee":{"id":4,"username":"bob"},
			"milestone":{"id":9007199254740995},"due_date":"2026-06-12","health_status":"at_risk","_links":{"closed_as_duplicate_of":"https://gl.example/api/v4/projects/7/issues/2"}}`,
			triage.Issue{
				Ref: ref, ID: 9007199254740993, Path: "g/p", URL: "https://gl.example/g/p/-/issues/12", Type: "Issue", Title: "Slow",
				Description: "It is slow.", Closed: true, Confidential: true, Moved: true, MovedTo: 4, Duplicated: true, Labels: []string{"b", "a::1"},
				Weight: triage.Int(3), Author: triage.Person{ID: 3, Username: "ann"},
				Assignees: []triage.Person{{ID: 4, Username: "bob"}, {ID: 5, Username: "cy"}}, Milestone: 9007199254740995, DueDate: "2026-06-12", HealthStatus: "at_risk",
				CreatedAt: noon.Add(123 * time.Millisecond), UpdatedAt: noon.Add(456 * time.Millisecond),
			}},
		"nothing but nulls": {head + `"title":null,"description":null,"state":"opened","created_at":null,"labels":null,"weight":null,
			"author":null,"assignees":null,"assignee":null,"milestone":null,"moved_to_id":null,"duplicated_to_id":null,
			"_links":{"closed_as_duplicate_of":null}}`, with(func(i *triage.Issue) { i.NoWeights = false })},
		"no weight field":          {head + `"state":"opened"}`, bare},
		"weight 0":                 {head + `"weight":0}`, with(func(i *triage.Issue) { i.Weight, i.NoWeights = triage.Int(0), false })},
		"weight as a string":       {head + `"weight":"3"}`, with(func(i *triage.Issue) { i.Weight, i.NoWeights = triage.Int(3), false })},
		"weight as a float":        {head + `"weight":3.0}`, with(func(i *triage.Issue) { i.Weight, i.NoWeights = triage.Int(3), false })},
		"labels as objects":        {head + `"labels":[{"id":1,"name":"a b"},{"title":"c"}]}`, with(func(i *triage.Issue) { i.Labels = []string{"a b", "c"} })},
		"author without id":        {head + `"author":{"username":"ann"}}`, with(func(i *triage.Issue) { i.Author.Username = "ann" })},
		"only the one assignee":    {head + `"assignee":{"id":4}}`, with(func(i *triage.Issue) { i.Assignees = []triage.Person{{ID: 4}} })},
		"a null among assignees":   {head + `"assignees":[null,{"id":4}]}`, with(func(i *triage.Issue) { i.Assignees = []triage.Person{{ID: 4}} })},
		"duplicate by id":          {head + `"duplicated_to_id":3}`, with(func(i *triage.Issue) { i.Duplicated = true })},
		"type in capitals":         {head + `"type":"TEST_CASE","issue_type":"test_case"}`, with(func(i *triage.Issue) { i.Type = "Test Case" })},
		"type of an older version": {head + `"issue_type":"incident"}`, with(func(i *triage.Issue) { i.Type = "Incident" })},
		"type task":                {head + `"type":"TASK"}`, with(func(i *triage.Issue) { i.Type = "Task" })},
		"a custom type":            {head + `"type":"User_story"}`, with(func(i *triage.Issue) { i.Type = "User_story" })},
		"path from the address": {head + `"web_url":"https://gl.example/g/s/p/-/work_items/12"}`, with(func(i *triage.Issue) {
			i.Path, i.URL = "g/s/p", "https://gl.example/g/s/p/-/work_items/12"
		})},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: always(http.StatusOK, "application/json", tt.json)}
			got, err := s.client(t).Issue(t.Context(), ref)
			if err != nil {
				t.Fatalf("loading the issue: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("issue (-want +got):\n%s", diff)
			}
		})
	}
}

// An answer that cannot be the issue is an error, never an issue without labels.
func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	type answer = func(http.ResponseWriter, *http.Request) bool
	const page = "<!DOCTYPE html><title>Sign in</title>"
	tests := map[string]struct {
		answer answer
		class  gitlab.Class
		says   string
	}{
		"a page":          {always(http.StatusOK, "text/html; charset=utf-8", page), gitlab.Unavailable, "text/html"},
		"no type":         {always(http.StatusOK, "", page), gitlab.Unavailable, "instead of JSON"},
		"empty":           {always(http.StatusOK, "application/json", ""), gitlab.Transient, "reading the answer"},
		"no content":      {always(http.StatusNoContent, "application/json", ""), gitlab.Transient, "reading the answer"},
		"half":            {always(http.StatusOK, "application/json", `{"id":900,"ii`), gitlab.Transient, "reading the answer"},
		"more than one":   {always(http.StatusOK, "application/json", `{"id":900,"iid":12,"project_id":7}{}`), gitlab.Transient, "reading the answer"},
		"null":            {always(http.StatusOK, "application/json", `null`), gitlab.Transient, "not that issue"},
		"an empty object": {always(http.StatusOK, "application/json", `{}`), gitlab.Transient, "not that issue"},
		"no id":           {always(http.StatusOK, "application/json", `{"iid":12,"project_id":7}`), gitlab.Transient, "not that issue"},
		"another issue":   {always(http.StatusOK, "application/json", `{"id":900,"iid":13,"project_id":7}`), gitlab.Transient, "not that issue"},
		"another project": {always(http.StatusOK, "application/json", `{"id":900,"iid":12,"project_id":8}`), gitlab.Transient, "not that issue"},
		"a list":          {always(http.StatusOK, "application/json", `[]`), gitlab.Transient, "reading the answer"},
		"a broken weight": {always(http.StatusOK, "application/json", `{"id":900,"iid":12,"project_id":7,"weight":1.5}`), gitlab.Transient, "weight"},
		"a broken label":  {always(http.StatusOK, "application/json", `{"id":900,"iid":12,"project_id":7,"labels":[4]}`), gitlab.Transient, "label"},
		"a broken time":   {always(http.StatusOK, "application/json", `{"id":900,"iid":12,"project_id":7,"updated_at":"soon"}`), gitlab.Transient, "reading"},
		"too large":       {always(http.StatusOK, "application/json", `{"title":"`+strings.Repeat("x", 32<<20)+`"}`), gitlab.Transient, "32 MiB"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"id":900,`))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, gitlab.Unavailable, "cut off"},
		"dropped": {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Unavailable, "no answer"},
		"a Link header that breaks the library": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Link", "</style.css>; crossorigin, broken")
			return always(http.StatusOK, "application/json", `{}`)(w, r)
		}, gitlab.Transient, "not that issue"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			got, err := s.client(t).Issue(t.Context(), ref)
			check(t, err, tt.class, "loading issue 7#12: ", tt.says)
			if diff := cmp.Diff(triage.Issue{}, got); diff != "" {
				t.Errorf("an issue came with the error:\n%s", diff)
			}
		})
	}
}

// An answer of just the size that is allowed is read.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	const head, tail = `{"id":900,"iid":12,"project_id":7,"description":"`, `"}`
	fill := strings.Repeat("x", 32<<20-len(head)-len(tail))
	s := server{Answer: always(http.StatusOK, "application/json", head+fill+tail)}
	got, err := s.client(t).Issue(t.Context(), ref)
	if err != nil {
		t.Fatalf("loading the issue: %v", err)
	}
	if got.Description != fill {
		t.Errorf("the description has %d bytes, want %d", len(got.Description), len(fill))
	}
}

func TestSelf(t *testing.T) {
	t.Parallel()
	s := server{}
	c := s.client(t)
	got, err := c.CurrentUser(t.Context())
	if want := (triage.Person{ID: 5, Username: "flowkeeper-bot"}); err != nil || got != want {
		t.Errorf("self is %v, %v; want %v", got, err, want)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}

	s.do(func() {
		s.Answer, s.Everything = always(http.StatusOK, "application/json", `{"message":"hello"}`), true
	})
	_, err = c.CurrentUser(t.Context())
	check(t, err, gitlab.Transient, "who the token belongs to", "no user")
	check(t, c.Ping(t.Context()), gitlab.Transient, "no user")
}

// check compares an error's class and looks for texts in it.
func check(t *testing.T, err error, class gitlab.Class, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of class %q", class)
	}
	if got := gitlab.ClassOf(err); got != class {
		t.Errorf("class of %q is %q, want %q", err, got, class)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error %q does not say %q", err, s)
		}
	}
}
