package gitlab_test

import (
	"net/http"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// Where 404 counts as an answer, one of them is not enough.
func TestOne404IsChance(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	other, err := lab.Open("ann", ref.Project, sandbox.IssueOptions{Title: "Slower"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateLink(t.Context(), ref, other, triage.RelatesTo); err != nil {
		t.Fatal(err)
	}
	weighed, err := c.Issue(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateIssue(t.Context(), weighed, triage.SetWeight{Value: 3}.Apply(weighed)); err != nil {
		t.Fatal(err)
	}
	ann, err := lab.AddUser("ann", "Ann", sandbox.Developer)
	if err != nil {
		t.Fatal(err)
	}
	for match, read := range map[string]func() (int, error){
		"GET member": func() (int, error) {
			n, err := c.AccessLevel(t.Context(), ref.Project, ann)
			return n / sandbox.Developer, err
		},
		"GET links":         func() (int, error) { links, err := c.Links(t.Context(), ref); return len(links), err },
		"GET weight events": func() (int, error) { past, err := c.ResourceEvents(t.Context(), ref); return len(past), err },
	} {
		lab.FailNext(sandbox.Fault{Match: match, Status: http.StatusNotFound})
		if n, err := read(); n != 1 || err != nil {
			t.Errorf("%s with a 404 before: %d found, want 1; %v", match, n, err)
		}
		lab.FailNext(sandbox.Fault{Match: match, Status: http.StatusNotFound, Times: 2})
		if n, err := read(); n != 0 || err != nil {
			t.Errorf("%s with two: %d found, want none; %v", match, n, err)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	for name, tt := range map[string]struct {
		ref  triage.Ref
		want bool
	}{
		"there":           {ref, true},
		"no such issue":   {triage.Ref{Project: ref.Project, IID: 99}, false},
		"no such project": {triage.Ref{Project: 99, IID: 1}, false},
	} {
		if got, err := c.IsListed(t.Context(), tt.ref); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	lab.FailNext(sandbox.Fault{Match: "GET issues", Status: http.StatusBadGateway})
	_, err := c.IsListed(t.Context(), ref)
	check(t, err, gitlab.Unavailable, "looking for issue")
}
