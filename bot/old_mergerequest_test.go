package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestPeopleWinOverKnownMergeRequests: the store was emptied, or the bot is new to the project. Then something is delivered of a merge request that says nothing
// of its stage. Whoever moved the issue after it came into that stage did so knowing of it.
func TestPeopleWinOverKnownMergeRequests(t *testing.T) {
	t.Parallel()
	ready := func(r *rig, m triage.Ref) { r.draft(m, false) }
	for stage, test := range map[string]struct {
		come func(r *rig, m triage.Ref)
		back string
	}{
		"opened": {func(*rig, triage.Ref) {}, "workflow::refinement"},
		"ready":  {ready, inDev},
		"draft":  {func(r *rig, m triage.Ref) { ready(r, m); r.draft(m, true) }, inCodeReview},
		"merged": {func(r *rig, m triage.Ref) { ready(r, m); r.merge(m) }, inDev},
		"closed": {func(r *rig, m triage.Ref) {
			r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}}))
			r.settle()
		}, inDev},
	} {
		for _, emptied := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, store emptied %t", stage, emptied), func(t *testing.T) {
				t.Parallel()
				r := newMergingRig(t, nil)
				if !emptied {
					r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
				}
				ref := r.ready()
				m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
				r.later()
				test.come(r, m)
				r.later()
				r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::problem validation"}})
				r.edit("mia", ref, sandbox.Change{AddLabels: []string{test.back}})
				r.in(ref, test.back)
				r.later()
				if emptied {
					r.loseStore()
				}
				r.gitlab.ClearFaults()
				r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
				r.settle()
				r.in(ref, test.back)
				r.alive()
			})
		}
	}
}

// TestOldMergeRequestIsDelivered: something is delivered of a merge request that came to its end long before the bot heard of it. Its issue stays where it is, and
// costs nothing. What happens to the merge request from then on counts.
func TestOldMergeRequestIsDelivered(t *testing.T) {
	t.Parallel()
	for _, merged := range []bool{true, false} {
		t.Run(fmt.Sprintf("merged %t", merged), func(t *testing.T) {
			t.Parallel()
			r := newMergingRig(t, nil)
			r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
			r.ahead.Store(-int64(2 * time.Hour))
			ref := r.ready()
			m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
			if merged {
				r.merge(m)
			} else {
				r.must(nil, r.gitlab.Edit("ann", ref, sandbox.Change{AddLabels: []string{inDev}}))
				r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}}))
			}
			state := r.gitlab.Issue(ref).Labels
			r.settle()
			r.ahead.Store(0)
			r.gitlab.ClearFaults()
			r.calls()
			r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
			r.settle()
			if now := r.gitlab.Issue(ref).Labels; fmt.Sprint(now) != fmt.Sprint(state) {
				t.Errorf("the issue had the labels %v and has %v", state, now)
			}
			reads, writes := r.calls()
			for _, line := range append(reads, writes...) {
				if strings.Contains(line, ref.String()) {
					t.Errorf("it costs %s", line)
				}
			}
			if !merged {
				r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Reopen: true}}))
				r.settle()
				r.in(ref, inCodeReview)
			}
			r.alive()
		})
	}
}

// TestSweepsLeaveOldMergeRequestsAlone: what came to its stage before the bot came concerns no issue, however often a sweep shows it, or a delivery that says
// nothing of its stage.
func TestSweepsLeaveOldMergeRequestsAlone(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"draft", "ready", "merged"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			r := newLosingRig(t, nil)
			r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
			r.ahead.Store(-int64(2 * time.Hour))
			ref := r.ready()
			m := r.merging(map[bool]string{true: "Draft: one", false: "one"}[stage == "draft"], fmt.Sprintf("Closes #%d", ref.IID))
			if stage == "merged" {
				r.merge(m)
			}
			r.ahead.Store(0)
			for n := range 3 {
				r.later()
				r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{fmt.Sprint("x", n)}}}))
				r.settle()
				r.sweep()
				r.in(ref, readyForDev)
			}
			r.gitlab.ClearFaults()
			r.later()
			r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"y"}}}))
			r.settle()
			r.in(ref, readyForDev)
			r.alive()
		})
	}
}

// TestPeopleWinOverRetargetedMergeRequests: a merge request went to another branch, which a sweep saw, and back. Then a person moved the issue, and something
// that says nothing happened to the merge request.
func TestPeopleWinOverRetargetedMergeRequests(t *testing.T) {
	t.Parallel()
	r := newLosingRig(t, nil)
	ref := r.ready()
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inCodeReview)
	r.lose()
	for _, branch := range []string{"stable", "main"} {
		r.sweep()
		r.later()
		r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{TargetBranch: branch}))
		r.settle()
	}
	r.later()
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::problem validation"}})
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{inDev}})
	r.later()
	r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
	r.sweep()
	r.in(ref, inDev)
	r.alive()
}
