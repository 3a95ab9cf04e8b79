package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// TestIssueFilters asks for issues in all the ways that reports use, and some that they must not.
func TestIssueFilters(t *testing.T) {
	lists := map[sandbox.Edition]*lab{}
	for _, e := range []sandbox.Edition{sandbox.Premium, sandbox.CE} {
		lists[e] = filterLab(t, e)
	}
	omar := lists[sandbox.Premium].must("GET", "/users?username=omar", "").list(t)[0]["id"]
	tests := []struct {
		edition sandbox.Edition
		query   string
		want    []string // nil: it is refused
	}{
		{query: "", want: []string{"1#1", "1#2", "1#3", "1#4", "1#5"}},
		{query: "labels=bug", want: []string{"1#1", "1#2"}},
		{query: "labels=bug,backend", want: []string{"1#1"}},
		{query: "labels=bug,bug", want: []string{}},
		{query: "labels=Bug", want: []string{}},
		{query: "labels=None", want: []string{"1#5"}},
		{query: "labels=none,bug", want: []string{"1#5"}},
		{query: "labels=ANY", want: []string{"1#1", "1#2", "1#3", "1#4"}},
		{query: "labels=severity::*", want: []string{"1#1", "1#4"}},
		{edition: sandbox.CE, query: "labels=severity::*", want: []string{}},
		{query: "or[labels]=backend,feature", want: []string{"1#1", "1#3"}},
		{query: "not[labels]=bug", want: []string{"1#3", "1#4", "1#5"}},
		{query: "not[labels]=bug,feature", want: []string{"1#4", "1#5"}},
		{query: "not[labels][]=bug&not[labels][]=feature", want: []string{"1#4", "1#5"}},
		{query: "not[labels]=nothing", want: []string{"1#1", "1#2", "1#3", "1#4", "1#5"}},
		{query: "milestone=19.7", want: []string{"1#1"}},
		{query: "milestone=None", want: []string{"1#3", "1#5"}},
		{query: "milestone=any", want: []string{"1#1", "1#2", "1#4"}},
		{query: "milestone_id=None", want: []string{"1#3", "1#5"}},
		{query: "milestone_id=Any", want: []string{"1#1", "1#2", "1#4"}},
		{query: "milestone_id=Started", want: []string{"1#1"}},
		{query: "milestone_id=Upcoming", want: []string{"1#1"}},
		{query: "milestone_id=none"},
		{query: "milestone_id=1013"},
		{query: "milestone=19.7&milestone_id=Any"},
		{query: "not[milestone]=19.7", want: []string{"1#2", "1#3", "1#4", "1#5"}},
		{query: "iids[]=2&iids[]=3", want: []string{"1#2", "1#3"}},
		{query: "iids=2,3", want: []string{"1#2", "1#3"}},
		{query: "not[iids]=2,3", want: []string{"1#1", "1#4", "1#5"}},
		{query: "author_username=OMAR", want: []string{"1#5"}},
		{query: "not[author_username]=omar", want: []string{"1#1", "1#2", "1#3", "1#4"}},
		{query: "assignee_username=omar", want: []string{"1#1"}},
		{query: "assignee_username[]=omar&assignee_username[]=maria", want: []string{"1#1"}},
		{edition: sandbox.CE, query: "assignee_username[]=omar&assignee_username[]=maria"},
		{query: fmt.Sprintf("assignee_id=%.0f", omar), want: []string{"1#1"}},
		{query: "assignee_id=None", want: []string{"1#2", "1#3", "1#4", "1#5"}},
		{query: "assignee_id=Any", want: []string{"1#1"}},
		{query: "assignee_id=1&assignee_username=omar"},
		{query: "confidential=true", want: []string{"1#4"}},
		{query: "weight=2", want: []string{"1#1"}},
		{query: "weight=None", want: []string{"1#2", "1#3", "1#4", "1#5"}},
		{edition: sandbox.CE, query: "weight=2", want: []string{"1#1", "1#2", "1#3", "1#4", "1#5"}},
		{query: "due_date=overdue", want: []string{"1#2"}},
		{query: "due_date=0", want: []string{"1#3", "1#4", "1#5"}},
		{query: "search=CRASHES%20it", want: []string{"1#2"}},
		{query: "state=open"},
		{query: "sort=up"},
		{query: "order_by=due_date&sort=asc", want: []string{"1#2", "1#1", "1#3", "1#4", "1#5"}},
		{query: "order_by=due_date&sort=desc", want: []string{"1#1", "1#2", "1#5", "1#4", "1#3"}},
	}
	for _, tt := range tests {
		for _, place := range []string{"/projects/1", "/groups/create"} {
			query := tt.query
			if query == "" || query[:4] != "orde" && query[:4] != "sort" {
				query += "&sort=asc"
			}
			r := lists[tt.edition].api("GET", place+"/issues?"+query, "")
			if tt.want == nil {
				if r.StatusCode != 400 {
					t.Errorf("%s %s: %d %s, want 400", place, tt.query, r.StatusCode, r.Text)
				}
				continue
			}
			if diff := cmp.Diff(tt.want, numbers(t, r)); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", place, tt.query, diff)
			}
		}
	}
}

// filterLab has five issues that differ in what lists ask for.
func filterLab(t *testing.T, e sandbox.Edition) *lab {
	t.Helper()
	l := newLab(t, sandbox.Options{Edition: e})
	for _, m := range []sandbox.MilestoneOptions{
		{Title: "19.6", Start: "2026-10-10", Due: "2026-11-13", Closed: true}, {Title: "19.7", Start: "2026-11-14", Due: "2026-12-11"},
		{Title: "19.8", Start: "2026-12-12", Due: "2027-01-15"},
	} {
		if _, err := l.AddGroupMilestone("create", m); err != nil {
			t.Fatal(err)
		}
	}
	l.open(sandbox.IssueOptions{Labels: []string{"bug", "backend", "severity::1"}, Milestone: "19.7", Assignees: []string{"omar", "maria"}, Weight: ptr(2), Due: "2026-12-07"})
	l.open(sandbox.IssueOptions{Labels: []string{"bug"}, Milestone: "19.8", Description: "A tag crashes it", Due: "2026-11-22"})
	l.open(sandbox.IssueOptions{Labels: []string{"feature"}})
	l.open(sandbox.IssueOptions{Labels: []string{"severity::2"}, Milestone: "19.6", Confidential: true})
	if _, err := l.Open("omar", l.project, sandbox.IssueOptions{Title: "No label"}); err != nil {
		t.Fatal(err)
	}
	return l
}
