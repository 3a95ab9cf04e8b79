package gitlab_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// usernames are those of the issue's assignees, in order.
func usernames(i triage.Issue) string {
	var names []string
	for _, p := range i.Assignees {
		names = append(names, p.Username)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// What only policies want goes into the same request. Who is unknown is left out, and where GitLab keeps one assignee that is a new one.
func TestSandboxAssign(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edition sandbox.Edition
		action  triage.Action
		want    string
		one     bool
		writes  int
	}{
		"beside others":          {sandbox.Premium, triage.Assign{People: "Mia omar"}, "ann mia omar", false, 1},
		"beside others, free":    {sandbox.Free, triage.Assign{People: "mia omar"}, "mia", true, 1},
		"who is there":           {sandbox.Free, triage.Assign{People: "ANN"}, "ann", false, 0},
		"nobody of that name":    {sandbox.Premium, triage.Assign{People: "nobody"}, "ann", false, 0},
		"one of them is unknown": {sandbox.Premium, triage.Assign{People: "nobody mia"}, "ann mia", false, 1},
		"nobody any more":        {sandbox.Premium, triage.Unassign{}, "", false, 1},
		"without one":            {sandbox.CE, triage.Unassign{People: "ann"}, "", false, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, tt.edition, sandbox.IssueOptions{Title: "t", Assignees: []string{"ann"}})
			for _, who := range []string{"mia", "omar"} {
				_, err := lab.AddUser(who, who, sandbox.Developer)
				must(t, err)
			}
			before, err := c.Issue(t.Context(), ref)
			must(t, err)
			got, err := c.UpdateIssue(t.Context(), before, tt.action.Apply(before))
			must(t, err)
			if usernames(got) != tt.want || got.OneAssignee != tt.one || len(lab.Writes()) != tt.writes {
				t.Errorf("assigned to %q, one only: %t, by %q; want %q, %t, %d", usernames(got), got.OneAssignee, lab.Writes(), tt.want, tt.one, tt.writes)
			}
			if tt.one && !tt.action.Done(got) {
				t.Errorf("%s is not done, though GitLab keeps no more", tt.action)
			}
		})
	}
}

func TestSandboxDueDateAndReopening(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "t"})
	must(t, lab.Edit("ann", ref, sandbox.Change{Close: true}))
	before, err := c.Issue(t.Context(), ref)
	must(t, err)
	got, err := c.UpdateIssue(t.Context(), before, triage.SetDueDate{Date: "2026-12-07"}.Apply(triage.Reopen{}.Apply(before)))
	must(t, err)
	if got.DueDate != "2026-12-07" || got.Closed || len(lab.Writes()) != 1 {
		t.Errorf("due %q, closed %t after %q; want both with one write", got.DueDate, got.Closed, lab.Writes())
	}
	none := got
	none.DueDate = ""
	if got, err = c.UpdateIssue(t.Context(), got, none); err != nil || got.DueDate != "" {
		t.Errorf("due %q (%v), want none", got.DueDate, err)
	}
}

func TestSandboxMove(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "t"})
	there := gitlab.Place{ID: lab.AddProject("g/other"), Path: "g/other"}
	before, err := c.Issue(t.Context(), ref)
	must(t, err)
	if same, err := c.UpdateIssue(t.Context(), before, triage.Move{Path: "g/other"}.Apply(before)); err != nil || same.Closed || len(lab.Writes()) > 0 {
		t.Errorf("an update that is only a move wrote %q (%v)", lab.Writes(), err)
	}
	moved, err := c.MoveIssue(t.Context(), ref, there)
	must(t, err)
	old, err := c.Issue(t.Context(), ref)
	must(t, err)
	if moved.Project != there.ID || !old.Moved || !old.Closed || old.MovedTo != moved.ID {
		t.Errorf("it became %s, the old one is closed: %t, moved to %d", moved.Ref, old.Closed, old.MovedTo)
	}
	if _, err := c.MoveIssue(t.Context(), ref, there); gitlab.ClassOf(err) != gitlab.Permanent {
		t.Errorf("moving it once more: %v, want a refusal", err)
	}
	if _, err := c.MoveIssue(t.Context(), moved.Ref, gitlab.Place{ID: 77}); gitlab.ClassOf(err) != gitlab.NotFound {
		t.Errorf("moving it to a project that is not there: %v, want that it is not found", err)
	}
}

func TestSandboxThread(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "t"})
	id, err := c.CreateThread(t.Context(), ref, "Please answer.")
	must(t, err)
	if n := noteOf(t, lab, ref, id); n.Text != "Please answer." || n.Internal {
		t.Errorf("the thread begins with %+v", n)
	}
	if _, err := c.CreateThread(t.Context(), ref, "/label ~a"); gitlab.ClassOf(err) != gitlab.Permanent {
		t.Errorf("a thread of nothing but quick actions: %v, want a refusal", err)
	}
}
