package bot_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// developing is an issue in development.
var developing = sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::in dev"}, typed...), Weight: triage.Int(1)}

// TestClosedUndone closes an issue out of development in the ways that mean that it was not done. GitLab tells the closing first, and why it
// was closed later or not at all.
func TestClosedUndone(t *testing.T) {
	t.Parallel()
	for name, closing := range map[string]func(r *rig, ref triage.Ref){
		"duplicate": func(r *rig, ref triage.Ref) {
			other := r.open(developing)
			r.must(r.gitlab.Comment("omar", ref, "/duplicate #"+strconv.FormatInt(other.IID, 10)))
		},
		"moved":    func(r *rig, ref triage.Ref) { r.must(r.gitlab.Move("omar", ref, r.elsewhere())) },
		"canceled": func(r *rig, ref triage.Ref) { r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Cancel: true})) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			ref := r.open(developing)
			closing(r, ref)
			r.settle()
			if i := r.gitlab.Issue(ref); i.State != "closed" || i.Has(complete) {
				t.Errorf("the issue is %s, labels %v", i.State, i.Labels)
			}
		})
	}
}

// TestClosingIsGivenTime closes an issue right behind another event, so that it is due before GitLab may have finished: the bot looks again
// later.
func TestClosingIsGivenTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Settle = 300 * time.Millisecond })
	ref := r.open(developing)
	r.calls()
	closed := time.Now()
	r.edit("omar", ref, sandbox.Change{Close: true})
	r.carries(ref, []string{complete}, nil)
	if took := time.Since(closed); took < 300*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	if reads, _ := r.calls(); !slices.Contains(reads, "GET issue 1#1") {
		t.Errorf("the issue was not read: %v", reads)
	}
}
