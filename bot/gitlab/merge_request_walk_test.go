package gitlab_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// withMergeRequests connects to a GitLab with seven merge requests of one project, a minute apart, of which a page holds two.
func withMergeRequests(t *testing.T) (*sandbox.Server, *gitlab.Client, func(iid int64) triage.Ref) {
	t.Helper()
	var minutes atomic.Int64
	lab := sandbox.New(sandbox.Options{
		Token: token, PageSize: 2, Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) },
	})
	c, project := connected(t, lab)
	lab.HoldJobs()
	for range 7 {
		_, err := lab.OpenMergeRequest("ann", project, sandbox.MergeRequestOptions{
			Title: "Draft: Faster", Description: "Closes #4", TargetBranch: "next", Reviewers: []string{"ann"}, Labels: []string{"UX"},
		})
		must(t, err)
		must(t, lab.RunJobs("prepare"))
		minutes.Add(1)
	}
	return lab, c, func(iid int64) triage.Ref {
		return triage.Ref{Project: project, Kind: triage.SubjectMergeRequest, IID: iid}
	}
}

// Open merge requests come in the order of their creation, whatever happened to them since; one that is closed meanwhile makes no other one disappear.
func TestSandboxCreatedMergeRequests(t *testing.T) {
	t.Parallel()
	lab, c, ref := withMergeRequests(t)
	must(t, lab.EditMergeRequest("ann", ref(1), sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"backend"}}}))
	must(t, lab.EditMergeRequest("ann", ref(3), sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}}))
	ready := "Faster"
	must(t, lab.EditMergeRequest("ann", ref(5), sandbox.MergeRequestChange{Change: sandbox.Change{Title: &ready}}))
	must(t, lab.Merge("ann", ref(5)))
	list := func(since time.Time, open bool, meanwhile func(triage.Issue)) []int64 {
		var got []int64
		must(t, c.EachCreatedMergeRequest(t.Context(), ref(1).Project, since, open, func(m triage.Issue) error {
			got = append(got, m.IID)
			if m.Ref != ref(m.IID) {
				t.Errorf("got %s as %s", ref(m.IID), m.Ref)
			}
			meanwhile(m)
			return nil
		}))
		return got
	}
	nothing := func(triage.Issue) {}
	for name, tt := range map[string]struct {
		since time.Time
		open  bool
		want  []int64
	}{
		"all":              {time.Time{}, false, []int64{1, 2, 3, 4, 5, 6, 7}},
		"open":             {time.Time{}, true, []int64{1, 2, 4, 6, 7}},
		"from a moment on": {noon.Add(3 * time.Minute), true, []int64{4, 6, 7}},
		"later than all":   {noon.Add(time.Hour), false, nil},
	} {
		if diff := cmp.Diff(tt.want, list(tt.since, tt.open, nothing)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	closing := func(m triage.Issue) {
		if m.IID == 2 {
			must(t, lab.EditMergeRequest("ann", ref(1), sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}}))
		}
	}
	if diff := cmp.Diff([]int64{1, 2, 4, 6, 7}, list(time.Time{}, true, closing)); diff != "" {
		t.Errorf("with one that is closed meanwhile (-want +got):\n%s", diff)
	}
}

// A merge request of a list says all that it says when it is asked for alone.
func TestSandboxListedMergeRequest(t *testing.T) {
	t.Parallel()
	_, c, ref := withMergeRequests(t)
	must(t, c.EachCreatedMergeRequest(t.Context(), ref(1).Project, time.Time{}, true, func(m triage.Issue) error {
		alone, err := c.Issue(t.Context(), m.Ref)
		must(t, err)
		if diff := cmp.Diff(alone, m); diff != "" {
			t.Errorf("%s (-alone +listed):\n%s", m.Ref, diff)
		}
		if d := m.MergeRequest; !d.Draft || d.TargetBranch != "next" || len(d.Reviewers) != 1 || d.Head == "" || !slices.Contains(m.Labels, "UX") {
			t.Errorf("the merge request is %+v with %+v", m, d)
		}
		return nil
	}))
}

// One that is updated during the walk comes again and makes no other one disappear. A project whose merge requests are switched off has none.
func TestSandboxUpdatedMergeRequests(t *testing.T) {
	t.Parallel()
	lab, c, ref := withMergeRequests(t)
	var got []int64
	must(t, c.EachUpdatedMergeRequest(t.Context(), ref(1).Project, noon.Add(time.Minute), func(m triage.Issue) error {
		if got = append(got, m.IID); len(got) == 2 {
			return lab.EditMergeRequest("ann", ref(2), sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"backend"}}})
		}
		return nil
	}))
	if diff := cmp.Diff([]int64{2, 3, 4, 5, 6, 7, 2}, got); diff != "" {
		t.Errorf("merge requests (-want +got):\n%s", diff)
	}
	must(t, lab.DisableMergeRequests(ref(1).Project))
	must(t, c.EachUpdatedMergeRequest(t.Context(), ref(1).Project, time.Time{}, func(m triage.Issue) error {
		t.Errorf("got %s of a project without merge requests", m.Ref)
		return nil
	}))
}
