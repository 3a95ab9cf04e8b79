package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

// TestClosedWhileTheStatusIsSet: a person closes the issue before the bot gives it an open status, and the bot has not seen that: its status opens the issue
// again. The bot puts that right; that a person opens it again afterwards stays.
func TestClosedWhileTheStatusIsSet(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		for n := range 4 {
			call, closedWith := []string{"MUTATION", "QUERY workItem"}[n%2], []string{"Shipped", "Closed"}[n/2]
			t.Run(strings.Join([]string{place, call, closedWith}, ", "), func(t *testing.T) {
				t.Parallel()
				r := newStatusRig(t, text, nil)
				r.must(nil, r.gitlab.SetStatuses("team", append([]sandbox.Status{{Name: "Inbox", Category: "triage"}, {Name: "Closed", Category: "done"}}, boardStatuses()...)))
				r.must(nil, r.gitlab.SetClosedDefault("team", closedWith))
				r.gitlab.FailNext(sandbox.Fault{Match: call, Meanwhile: func() {
					for _, i := range r.gitlab.Issues(r.project) {
						r.must(nil, r.gitlab.Edit("omar", i.Ref, sandbox.Change{Close: true}))
					}
				}})
				ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
				if i := r.gitlab.Issue(ref); i.State != "closed" {
					t.Errorf("it is %s with the status %q and the labels %q after %q", i.State, i.Status, i.Labels, calls(r))
				}
				r.edit("ann", ref, sandbox.Change{Reopen: true})
				if i := r.gitlab.Issue(ref); i.State != "opened" {
					t.Errorf("a person opened it again, and it is %s after %q", i.State, calls(r))
				}
				r.alive()
			})
		}
	}
}
