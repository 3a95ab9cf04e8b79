package gitlab_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
)

// TestReportIssue: a report is opened with all that belongs to it, found by its marker, and its description replaced.
func TestReportIssue(t *testing.T) {
	lab := sandbox.New(sandbox.Options{Token: token, Edition: sandbox.Premium, PageSize: 2})
	c, project := connected(t, lab)
	ann, err := lab.AddUser("mia", "Mia", sandbox.Maintainer)
	must(t, err)
	self, err := c.CurrentUser(t.Context())
	must(t, err)
	began := time.Now().Add(-time.Minute)
	var calls atomic.Int64
	ctx := gitlab.CountCalls(t.Context(), &calls)

	const first, second = "<!-- flowkeeper:report triage 2026-11-30 -->", "<!-- flowkeeper:report triage 2026-12-07 -->"
	for _, marker := range []string{first, second, first} {
		_, err := c.CreateIssue(ctx, project, gitlab.NewIssue{
			Title: "t", Description: marker + "\ntext", Labels: []string{"triage report"}, Assignees: []string{"Mia", "nobody"},
			Due: planning.Date{Year: 2026, Month: time.December, Day: 7}, Milestone: "none such",
		})
		must(t, err)
	}
	if n := calls.Load(); n != 3*3+1 {
		t.Errorf("%d calls, want one for the user who is there, and each time one for the other user, the milestone and the issue", n)
	}
	found, err := c.ReportIssues(ctx, project, self.ID, first, began)
	must(t, err)
	if len(found) != 2 || found[0].IID != 1 || found[1].IID != 3 || found[0].Assignees[0].ID != ann || len(found[0].Assignees) != 1 || found[0].Milestone != 0 {
		t.Errorf("found %+v", found)
	}
	if found, err := c.ReportIssues(ctx, project, self.ID+1, first, began); err != nil || len(found) > 0 {
		t.Errorf("of somebody else: %v %v", found, err)
	}
	if _, err := c.ReportIssues(ctx, project, self.ID, "", began); gitlab.ClassOf(err) != gitlab.Permanent {
		t.Errorf("without a marker: %v", err)
	}

	ref := found[1].Ref
	edited, err := c.EditDescription(ctx, ref, "other text")
	must(t, err)
	read, err := c.ReportIssue(ctx, ref)
	must(t, err)
	if edited.Description != "other text" || read.Description != "other text" || lab.Issue(ref).Description != "other text" || read.Title != "t" {
		t.Errorf("the description is %q, then %q", edited.Description, read.Description)
	}
}

// TestWasReopened tells an issue that was opened again from one that is open for the first time.
func TestWasReopened(t *testing.T) {
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "t"})
	for n, change := range []sandbox.Change{{Title: new("other")}, {Close: true}, {Reopen: true}} {
		must(t, lab.Edit("ann", ref, change))
		if reopened, err := c.WasReopened(t.Context(), ref); err != nil || reopened != (n == 2) {
			t.Errorf("after %+v: %t, %v", change, reopened, err)
		}
	}
}

// TestDueDate: a due date is read, and none is none.
func TestDueDate(t *testing.T) {
	for due, want := range map[string]string{`"2026-12-07"`: "2026-12-07", `null`: ""} {
		s := &server{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"id":1,"iid":12,"project_id":7,"state":"opened","due_date":%s}`, due)
			return true
		}}
		if i, err := s.client(t).ReportIssue(t.Context(), ref); err != nil || i.Due.String() != want {
			t.Errorf("due %q, %v, want %q", i.Due, err, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
