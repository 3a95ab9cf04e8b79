package gitlab_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func TestSandboxOpen(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edition sandbox.Edition
		weight  *int
	}{
		"premium": {sandbox.Premium, triage.Int(2)},
		"free":    {sandbox.Free, nil},
		"CE":      {sandbox.CE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "Spike"})
			got, err := c.CreateIssue(t.Context(), ref.Project, gitlab.NewIssue{
				Title: "Follow-up of #1", Description: "As found out.\n\n<!-- mark 1 -->", Labels: []string{"backend", "workflow::planning breakdown"},
				Weight: triage.Int(2), Confidential: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			seen := lab.Issue(got.Ref)
			want := triage.Issue{
				Ref: triage.Ref{Project: ref.Project, IID: 2}, ID: seen.ID, Path: "g/p", URL: seen.URL, Type: "Issue", Title: "Follow-up of #1",
				Description: "As found out.\n\n<!-- mark 1 -->", Confidential: true, Labels: []string{"backend", "workflow::planning breakdown"},
				Weight: tt.weight, NoWeights: tt.edition == sandbox.CE, Author: got.Author, CreatedAt: seen.CreatedAt, UpdatedAt: seen.UpdatedAt,
			}
			if diff := cmp.Diff(want, got); diff != "" || got.Author.Username != "flowkeeper-bot" {
				t.Errorf("by %s, issue (-want +got):\n%s", got.Author.Username, diff)
			}
		})
	}
}

func TestOpenFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		issue  gitlab.NewIssue
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
		says   string
	}{
		"no title":  {gitlab.NewIssue{Title: " "}, nil, gitlab.Permanent, "no title"},
		"bad label": {gitlab.NewIssue{Title: "a", Labels: []string{"a,b"}}, nil, gitlab.Permanent, "comma"},
		"too long":  {gitlab.NewIssue{Title: "a"}, always(400, "application/json", `{"message":{"title":["is too long"]}}`), gitlab.Permanent, "is too long"},
		"403":       {gitlab.NewIssue{Title: "a"}, always(403, "application/json", `{"message":"403 Forbidden"}`), gitlab.Permanent, "role Reporter"},
		"404":       {gitlab.NewIssue{Title: "a"}, always(404, "application/json", `{"message":"404 Project Not Found"}`), gitlab.NotFound, "not there"},
		"429":       {gitlab.NewIssue{Title: "a"}, always(429, "application/json", `{"message":{"error":"too many times"}}`), gitlab.Unavailable, "too many"},
		"elsewhere": {gitlab.NewIssue{Title: "a"}, always(201, "application/json", `{"id":1,"iid":1,"project_id":8}`), gitlab.Transient, "not that issue"},
		"half":      {gitlab.NewIssue{Title: "a"}, always(201, "application/json", `{"id":1,`), gitlab.Transient, "reading the answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			_, err := s.client(t).CreateIssue(t.Context(), 7, tt.issue)
			check(t, err, tt.class, "opening an issue in project 7: ", tt.says)
		})
	}
}

// What was opened before an answer was lost is found again, and nothing that only looks like it.
func TestSandboxFindMarked(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) }
	lab := sandbox.New(sandbox.Options{Token: token, PageSize: 2, Now: now})
	c, project := connected(t, lab)
	self, err := c.CurrentUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const marker = "<!-- flowkeeper:follow-up 1#7 -->"
	open := func(description string) triage.Ref {
		minutes.Add(1)
		issue, err := c.CreateIssue(t.Context(), project, gitlab.NewIssue{Title: "Follow-up", Description: description})
		if err != nil {
			t.Fatal(err)
		}
		return issue.Ref
	}
	open("Before.\n" + marker)
	since := now().Add(time.Second)
	for n := range 5 {
		open(fmt.Sprintf("Other.\n<!-- flowkeeper:follow-up 1#7%d -->", n))
	}
	if _, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "Copied", Description: marker}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.FindIssueByMarker(t.Context(), project, self.ID, marker, since); ok || err != nil {
		t.Errorf("found %v, %v; want nothing yet", ok, err)
	}
	lab.FailNext(sandbox.Fault{Match: "POST issue", ApplyThenCut: true})
	minutes.Add(1)
	_, err = c.CreateIssue(t.Context(), project, gitlab.NewIssue{Title: "Follow-up", Description: "Ours.\n" + marker})
	check(t, err, gitlab.Unavailable)
	all := lab.Issues(project)
	want := all[len(all)-1].Ref
	open(marker)
	got, ok, err := c.FindIssueByMarker(t.Context(), project, self.ID, marker, since)
	if err != nil || !ok || got.Ref != want || got.Description != "Ours.\n"+marker {
		t.Errorf("found %s %v, %v; want %s", got.Ref, ok, err, want)
	}
	_, _, err = c.FindIssueByMarker(t.Context(), project, self.ID, "", since)
	check(t, err, gitlab.Permanent, "marker")
	_, _, err = c.FindIssueByMarker(t.Context(), 99, self.ID, marker, since)
	check(t, err, gitlab.NotFound)
}

// A GitLab that lists more than was asked for does not lead to somebody else's issue.
func TestFindMarkedAmongOthers(t *testing.T) {
	t.Parallel()
	const (
		others    = `{"id":1,"iid":1,"project_id":7,"author":{"id":3},"description":"<!-- mark -->"}`
		elsewhere = `{"id":2,"iid":2,"project_id":8,"author":{"id":5},"description":"<!-- mark -->"}`
		unmarked  = `{"id":3,"iid":3,"project_id":7,"author":{"id":5},"description":"<!-- marks -->"}`
		ours      = `{"id":4,"iid":4,"project_id":7,"author":{"id":5},"description":"a <!-- mark --> b"}`
		later     = `{"id":5,"iid":5,"project_id":7,"author":{"id":5},"description":"<!-- mark -->"}`
	)
	all := strings.Join([]string{others, elsewhere, unmarked, ours, later}, ",")
	s := server{Answer: at("/api/v4/projects/7/issues", always(http.StatusOK, "application/json", "["+all+"]"))}
	got, ok, err := s.client(t).FindIssueByMarker(t.Context(), 7, 5, "<!-- mark -->", noon)
	if want := (triage.Ref{Project: 7, IID: 4}); err != nil || !ok || got.Ref != want {
		t.Errorf("found %s %v, %v; want %s", got.Ref, ok, err, want)
	}
}
