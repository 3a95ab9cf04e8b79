package gitlab_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
)

// TestSandboxStatusesOf reads the statuses of many issues, a hundred with one call, and asks nothing more where there is no licence.
func TestSandboxStatusesOf(t *testing.T) {
	t.Parallel()
	lab := sandbox.New(sandbox.Options{Token: token})
	c, project := connected(t, lab)
	const issues = 230
	iids := []int64{999} // which is not there
	for n := range issues {
		o := sandbox.IssueOptions{Title: "t"}
		if n == 2 {
			o.Type = "Incident" // which has no status
		}
		ref, err := lab.Open("ann", project, o)
		if err == nil && n%2 == 0 && n != 2 {
			err = lab.SetStatus("ann", ref, "In progress")
		}
		if err != nil {
			t.Fatal(err)
		}
		iids = append(iids, ref.IID)
	}
	got, err := c.StatusesOf(t.Context(), "g/p", iids)
	if err != nil || len(got) != issues-1 || got[1].Name != "In progress" || got[2].Name != "To do" || got[issues].Name != "To do" {
		t.Errorf("%d statuses, %v: %+v", len(got), err, got)
	}
	asked := func() (n int) {
		for _, call := range lab.Calls() {
			if strings.HasPrefix(call.Line, "QUERY") {
				n++
			}
		}
		return n
	}
	if asked() != 1+3 {
		t.Errorf("%d questions", asked())
	}
	free := sandbox.New(sandbox.Options{Token: token, Edition: sandbox.Free})
	c, _ = connected(t, free)
	if got, err := c.StatusesOf(t.Context(), "g/p", []int64{1}); len(got) > 0 || err != nil || len(free.Calls()) != 1 {
		t.Errorf("without a licence: %+v, %v after %d calls", got, err, len(free.Calls()))
	}
}

// TestSandboxStatusesInTrouble: nulls beside an error, and a page, are no answer.
func TestSandboxStatusesInTrouble(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"nulls": sandbox.GraphQLNulls("QUERY namespace g/p", "namespace"), "a page": sandbox.GraphQLAnswersHTML(), "off": sandbox.GraphQLOff(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "t"})
			if got, err := c.StatusesOf(t.Context(), "g/p", []int64{ref.IID}); got[ref.IID].Name != "To do" || err != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			lab.FailNext(fault)
			if got, err := c.StatusesOf(t.Context(), "g/p", []int64{ref.IID}); len(got) > 0 || gitlab.ClassOf(err) != gitlab.Transient {
				t.Errorf("%+v, %v; want an error that has it tried again", got, err)
			}
		})
	}
}
