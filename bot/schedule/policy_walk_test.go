package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/schedule"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// walker starts a scheduler that shows the policies of a digest what is in a project. Of 160 calls a minute it may take up 10 issues in a round.
func (r *rig) walker(digest *string) *process {
	return r.start(func(o *schedule.Options) {
		o.Projects, o.Rate = []string{"7"}, 160
		o.Policies = func() []engine.PolicySet { return []engine.PolicySet{{Subject: triage.SubjectIssue, Digest: *digest}} }
	})
}

// backlog has the project hold issues that nothing happened to for long, each created a second after the one before.
func (r *rig) backlog(n int) {
	for k := range n {
		r.lab.moveAt(7, int64(k+1), now().Add(-100*lookback+time.Duration(k)*time.Second))
	}
}

// shown counts how often each issue was put into the inbox for the policies.
func (r *rig) shown(counts map[triage.Ref]int) {
	r.Helper()
	for ref, events := range r.mail() {
		for _, e := range events {
			if e.Event.Kind == triage.PoliciesDue {
				counts[ref]++
			}
		}
	}
}

// each fails unless all issues were shown so often.
func each(t *testing.T, when string, counts map[triage.Ref]int, issues, times int) {
	t.Helper()
	if len(counts) != issues {
		t.Errorf("%s: %d issues were shown to the policies, want %d", when, len(counts), issues)
	}
	for ref, n := range counts {
		if n != times {
			t.Errorf("%s: %s was shown %d times, want %d", when, ref, n, times)
		}
	}
}

// Each issue is shown to the policies once, a few in a minute, by whichever process, also when one ends in the middle. Policies that were shown all
// are not shown it again by a new start, but those of a new configuration are, and all after the store was emptied.
func TestPolicyWalk(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.backlog(35)
		digest, counts := "one", map[triage.Ref]int{}
		first := r.walker(&digest)
		r.pass(59 * time.Second)
		r.shown(counts)
		each(t, "in the first minute", counts, 10, 1)
		r.pass(time.Minute)
		first.stop()
		r.walker(&digest)
		r.walker(&digest)
		for range 8 {
			r.pass(time.Minute)
			r.shown(counts)
		}
		each(t, "after a crash", counts, 35, 1)
		expect(t, "calls that list", true, strings.Count(strings.Join(r.lab.requests(), "\n"), "created 7") < 10)

		r.walker(&digest)
		r.pass(5 * time.Minute)
		r.shown(counts)
		each(t, "after another start", counts, 35, 1)

		digest = "two"
		for range 10 {
			r.pass(time.Minute)
			r.shown(counts)
		}
		each(t, "with other policies", counts, 35, 2)

		if err := r.store.Coordinator.SetCheckpoint(t.Context(), "policies/7", nil); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			r.pass(time.Minute)
			r.shown(counts)
		}
		each(t, "after the store was emptied", counts, 35, 3)
	})
}

// While many issues wait, because GitLab is away or the budget is short, the policies are shown none.
func TestPolicyWalkWaits(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.backlog(5)
		for n := range 200 {
			ref := triage.Ref{Project: 8, IID: int64(n + 1)}
			if _, err := r.store.Enqueue(t.Context(), inbox.Delivery{ID: fmt.Sprint(n), Issue: ref, Body: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
		digest := "one"
		p := r.walker(&digest)
		r.pass(5 * time.Minute)
		expect(t, "shown while others wait", 0.0, p.metric("flowkeeper_policy_walk_issues_total"))
		for {
			batch, err := r.store.Claim(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if batch == nil {
				break
			}
			if err := r.store.Complete(t.Context(), batch, inbox.Result{}); err != nil {
				t.Fatal(err)
			}
		}
		r.pass(2 * time.Minute)
		expect(t, "shown then", 5.0, p.metric("flowkeeper_policy_walk_issues_total"))
	})
}
