package gitlab_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// updatedSince collects the numbers of the issues that were updated since then.
func updatedSince(t *testing.T, c *gitlab.Client, project int64, since time.Time) []int64 {
	t.Helper()
	var got []int64
	err := c.EachUpdatedIssue(t.Context(), project, since, func(i triage.Issue) error {
		got = append(got, i.IID)
		return nil
	})
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	return got
}

// Pages hold two issues. Times are told apart, issues of one moment are all found, and an issue that is updated during the walk makes
// no other one disappear.
func TestSandboxUpdated(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	lab := sandbox.New(sandbox.Options{
		Token: token, PageSize: 2, Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) },
	})
	c, project := connected(t, lab)
	open := func(n int) {
		for range n {
			if _, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "Slow"}); err != nil {
				t.Fatal(err)
			}
		}
		minutes.Add(1)
	}
	if got := updatedSince(t, c, project, time.Time{}); got != nil {
		t.Errorf("an empty project has the issues %v", got)
	}
	open(1)
	open(7)
	open(3)
	for name, tt := range map[string]struct {
		since time.Time
		want  []int64
	}{
		"all":                  {time.Time{}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"from a moment on":     {noon.Add(time.Minute), []int64{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"just after it":        {noon.Add(time.Minute + time.Millisecond), []int64{9, 10, 11}},
		"later than all":       {noon.Add(time.Hour), nil},
		"less than GitLab has": {noon.Add(2*time.Minute + 300*time.Microsecond), []int64{9, 10, 11}},
	} {
		if diff := cmp.Diff(tt.want, updatedSince(t, c, project, tt.since)); diff != "" {
			t.Errorf("%s: issues (-want +got):\n%s", name, diff)
		}
	}

	var got []int64
	err := c.EachUpdatedIssue(t.Context(), project, time.Time{}, func(i triage.Issue) error {
		got = append(got, i.IID)
		if i.IID == 3 && !slices.Contains(i.Labels, "UX") {
			return lab.Edit("ann", triage.Ref{Project: project, IID: 1}, sandbox.Change{AddLabels: []string{"UX"}})
		}
		return nil
	})
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1}, got); err != nil || diff != "" {
		t.Errorf("%v, issues (-want +got):\n%s", err, diff)
	}

	enough := errors.New("enough")
	if err := c.EachUpdatedIssue(t.Context(), project, time.Time{}, func(triage.Issue) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error is %v, want the caller's own", err)
	}
	check(t, c.EachUpdatedIssue(t.Context(), 99, noon, nil), gitlab.NotFound, "listing the updated issues of project 99: ")
}

// Pages hold two issues. The open ones come in the order of their creation, whatever happened to them since; one that is closed meanwhile makes
// no other one disappear.
func TestSandboxOpenIssues(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	lab := sandbox.New(sandbox.Options{
		Token: token, PageSize: 2, Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) },
	})
	c, project := connected(t, lab)
	issue := func(iid int64) triage.Ref { return triage.Ref{Project: project, IID: iid} }
	for range 7 {
		if _, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "Slow"}); err != nil {
			t.Fatal(err)
		}
		minutes.Add(1)
	}
	for ref, change := range map[triage.Ref]sandbox.Change{issue(1): {AddLabels: []string{"UX"}}, issue(3): {Close: true}} {
		if err := lab.Edit("ann", ref, change); err != nil {
			t.Fatal(err)
		}
	}
	list := func(since time.Time, meanwhile func(triage.Issue) error) []int64 {
		var got []int64
		err := c.EachOpenIssue(t.Context(), project, since, func(i triage.Issue) error {
			got = append(got, i.IID)
			return meanwhile(i)
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	nothing := func(triage.Issue) error { return nil }
	if diff := cmp.Diff([]int64{1, 2, 4, 5, 6, 7}, list(time.Time{}, nothing)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{5, 6, 7}, list(noon.Add(4*time.Minute), nothing)); diff != "" {
		t.Errorf("from a moment on (-want +got):\n%s", diff)
	}
	closing := func(i triage.Issue) error {
		if i.IID != 4 {
			return nil
		}
		return lab.Edit("ann", issue(1), sandbox.Change{Close: true})
	}
	if diff := cmp.Diff([]int64{1, 2, 4, 5, 6, 7}, list(time.Time{}, closing)); diff != "" {
		t.Errorf("with one that is closed meanwhile (-want +got):\n%s", diff)
	}
	check(t, c.EachOpenIssue(t.Context(), 99, noon, nil), gitlab.NotFound, "listing the open issues of project 99: ")
}
