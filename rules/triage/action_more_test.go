package triage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEditHoldsEveryAction: what an action makes of an issue can be stored as a difference and made again.
func TestEditHoldsEveryAction(t *testing.T) {
	before := Issue{
		Path: "group/here", Labels: []string{"a"}, Milestone: 7, Assignees: []Person{{ID: 1, Username: "ann"}, {ID: 2, Username: "bob"}},
	}
	closed := before
	closed.Closed = true
	for _, c := range []struct {
		on     Issue
		action Action
	}{
		{before, AddLabel{Label: "b"}},
		{before, RemoveLabel{Label: "a"}},
		{before, SetWeight{Value: 3}},
		{before, MoveMilestone{From: 7, Title: "18.9"}},
		{Issue{}, SetMilestone{Title: "18.9"}},
		{before, SetDueDate{Date: "2026-12-01"}},
		{before, Assign{People: "carl Ann"}},
		{Issue{NoWeights: true, Assignees: []Person{{Username: "ann"}}}, Assign{People: "carl dora"}},
		{before, Unassign{}},
		{before, Unassign{People: "BOB"}},
		{before, Move{Path: "group/there"}},
		{before, Close{}},
		{closed, Reopen{}},
	} {
		if c.action.Done(c.on) {
			t.Errorf("%s is done before it was done", c.action)
		}
		after := c.action.Apply(c.on)
		if !c.action.Done(after) {
			t.Errorf("%s is not done after it was done: %+v", c.action, after)
		}
		edit := Difference(c.on, after)
		if edit.Empty() {
			t.Errorf("%s is no difference", c.action)
		}
		if diff := cmp.Diff(after, edit.Apply(c.on)); diff != "" {
			t.Errorf("%s, stored and made again (-action +edit):\n%s", c.action, diff)
		}
	}
}

// TestAssignWhereOneIsKept: a GitLab that keeps one assignee is not asked again for the others.
func TestAssignWhereOneIsKept(t *testing.T) {
	free := Issue{NoWeights: true, Assignees: []Person{{Username: "bob"}}}
	if a := (Assign{People: "ann bob"}); !a.Done(free) {
		t.Errorf("%s is not done where bob is the one assignee that is kept", a)
	}
	licensed := Issue{Assignees: free.Assignees}
	if a := (Assign{People: "ann bob"}); a.Done(licensed) {
		t.Errorf("%s is done where ann is missing", a)
	}
}

// TestActionsInWords: what a person would do by hand.
func TestActionsInWords(t *testing.T) {
	for want, a := range map[string]Action{
		"/reopen": Reopen{}, "/assign @ann @bob": Assign{People: "ann bob"}, "/unassign": Unassign{}, "/unassign @ann": Unassign{People: "ann"},
		"/due 2026-12-01": SetDueDate{Date: "2026-12-01"}, "/move group/there": Move{Path: "group/there"},
	} {
		if got := a.QuickAction(); got != want {
			t.Errorf("%s is done by %q, want %q", a, got, want)
		}
	}
}
