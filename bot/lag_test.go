package bot_test

import (
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

const long = 1000 // reads: a copy that does not catch up

// TestOldListsOfReactions: who agreed, or took it back, did so, whatever a list that lags says.
func TestOldListsOfReactions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before func(*rig, triage.Ref)
		act    func(*rig, triage.Ref)
		want   string
	}{
		"a thumb": {nil, func(r *rig, ref triage.Ref) { r.react("pam", ref, 0) }, agreedProduct},
		"a thumb taken back": {
			func(r *rig, ref triage.Ref) { r.react("pam", ref, 0) },
			func(r *rig, ref triage.Ref) {
				r.must(nil, r.gitlab.Unreact("pam", ref, 0, "thumbsup"))
				r.settle()
			}, agreedNobody,
		},
		"a comment": {nil, func(r *rig, ref triage.Ref) { r.comment("mia", ref, "LGTM") }, agreedEngineering},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRosterRig(t)
			ref := r.openInReview()
			if tt.before != nil {
				tt.before(r, ref)
			}
			r.loseStore() // who agrees is loaded anew
			r.gitlab.LagReads(long)
			began := len(r.gitlab.Calls())
			tt.act(r, ref)
			r.asked(began, "GET awards")
			r.says("with lists that lag", ref, tt.want)
		})
	}
}

// TestOldStateOfANewIssue: the copy does not know the issue at all. Neither what its opening asks for is lost, nor the command on it.
func TestOldStateOfANewIssue(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Worker.Patience = worker.Patience{Gone: make([]time.Duration, 20), Stale: make([]time.Duration, 4)} // longer than it lags
		o.Policy.Settle = 200 * time.Millisecond
	})
	r.loseStore() // a young store asks GitLab
	r.gitlab.LagReads(10)
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	r.must(nil, err)
	r.done(ref, r.say("omar", ref, "/flow weight 2"))
	if i := r.gitlab.Issue(ref); !i.Has("workflow::start") || r.weight(ref) != 3 {
		t.Errorf("labels %v, weight %d; want the start and the security level", i.Labels, r.weight(ref))
	}
}

// TestOldListOfASweep: what a sweep's list does not show yet, the next sweep finds.
func TestOldListOfASweep(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(50*time.Millisecond))
	ref := r.open(planned)
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	r.gitlab.LagReads(20)
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has("UX") }))
}
