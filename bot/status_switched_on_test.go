package bot_test

import (
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestStatusesSwitchedOn: a team that kept its states in labels keeps them in both places from now on. What the bot remembers of an issue knows no status,
// because only a sweep told of it: that GitLab gave it one is nobody's move, and the label counts.
func TestStatusesSwitchedOn(t *testing.T) {
	t.Parallel()
	labels := works(t, "")
	r := newBothRig(t, func(o *bot.Options) { labels(o); sweeping(100 * time.Millisecond)(o) })
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::refinement"}, Weight: triage.Int(4)})
	r.must(nil, err)
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has("needs research") }))
	r.settle()
	works(t, "workflow: {store: both}\n")(&r.options)
	r.restart()
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.await(func() bool { return !r.gitlab.Issue(ref).Has("needs research") }))
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::refinement") || i.Status != "refinement" {
		t.Errorf("labels %q, status %q\n%s", i.Labels, i.Status, calls(r))
	}
	r.alive()
}
