package bot_test

import (
	"fmt"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/policy"
)

// TestUndonePolicyIsNotRepeated: the answer to what a policy did is lost, and before the next attempt a person takes it back. It stays taken back,
// whether or not it ended the policy's conditions.
func TestUndonePolicyIsNotRepeated(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		ends, comments := n&1 > 0, n&2 > 0
		t.Run(fmt.Sprintf("ends %t, comments %t", ends, comments), func(t *testing.T) {
			t.Parallel()
			p := policy.Rule{Name: "p", When: []policy.Condition{labelled("incoming")}, Actions: policy.Actions{Labels: []string{"triaged"}}}
			if ends {
				p.When = append(p.When, policy.LacksLabels{Labels: []string{"triaged"}})
			}
			if comments {
				p.Actions.Own, p.Actions.Comment = true, text("Hello.")
			}
			r := policyRig(t, sandbox.Premium, p)
			ref := r.open(sandbox.IssueOptions{Title: "t"})
			undone := false
			undo := func() {
				undone = r.gitlab.Issue(ref).Has("triaged")
				r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{RemoveLabels: []string{"triaged"}}))
			}
			r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", ApplyThenCut: true, Meanwhile: func() {
				r.gitlab.FailNext(sandbox.Fault{Match: "GET", Meanwhile: undo})
			}})
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"incoming"}})
			i := r.gitlab.Issue(ref)
			if !undone || i.Has("triaged") || len(i.CommentsBy(botName)) > 1 {
				t.Errorf("undone %t; labels %q, comments %v; calls %q", undone, i.Labels, i.CommentsBy(botName), calls(r))
			}
		})
	}
}
