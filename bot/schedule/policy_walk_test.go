package schedule_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/schedule"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// digest is what tells policies from others, as a configuration that is read anew changes it.
type digest struct{ now atomic.Pointer[string] }

func newDigest(is string) *digest {
	var d digest
	d.set(is)
	return &d
}

func (d *digest) set(is string) { d.now.Store(&is) }

// walker starts a scheduler that shows the policies of a digest what issues are in a project.
func (r *rig) walker(d *digest) *process {
	return r.walkerFor(func() []engine.PolicySet {
		return []engine.PolicySet{{Subject: triage.SubjectIssue, Digest: *d.now.Load()}}
	})
}

// walkerFor starts a scheduler that shows policies what is in a project. Of 160 calls a minute it may take up 10 issues and merge requests in a round.
func (r *rig) walkerFor(policies func() []engine.PolicySet) *process {
	return r.start(func(o *schedule.Options) { o.Projects, o.Rate, o.Policies = []string{"7"}, 160, policies })
}

// backlog has the project hold issues that nothing happened to for long, each created a second after the one before.
func (r *rig) backlog(n int) {
	for k := range n {
		r.lab.moveAt(7, int64(k+1), now().Add(-100*lookback+time.Duration(k)*time.Second))
	}
}

// mergeBacklog is the same with merge requests.
func (r *rig) mergeBacklog(n int) {
	for k := range n {
		r.lab.mergeAt(7, int64(k+1), now().Add(-100*lookback+time.Duration(k)*time.Second))
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

// ofKind are the counts of one kind of subjects.
func ofKind(kind triage.SubjectKind, counts map[triage.Ref]int) map[triage.Ref]int {
	some := maps.Clone(counts)
	maps.DeleteFunc(some, func(ref triage.Ref, _ int) bool { return ref.Kind != kind })
	return some
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
		policies, counts := newDigest("one"), map[triage.Ref]int{}
		first := r.walker(policies)
		r.pass(59 * time.Second)
		r.shown(counts)
		each(t, "in the first minute", counts, 10, 1)
		r.pass(time.Minute)
		first.stop()
		r.walker(policies)
		r.walker(policies)
		for range 8 {
			r.pass(time.Minute)
			r.shown(counts)
		}
		each(t, "after a crash", counts, 35, 1)
		expect(t, "calls that list", true, strings.Count(strings.Join(r.lab.requests(), "\n"), "created 7") < 10)

		r.walker(policies)
		r.pass(5 * time.Minute)
		r.shown(counts)
		each(t, "after another start", counts, 35, 1)

		policies.set("two")
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
		p := r.walker(newDigest("one"))
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

// Issues and merge requests of a project come one after the other, both together no more than a few in a minute. What is known of one kind holds for that
// kind alone: who goes on after a crash, other policies, an emptied store.
func TestPolicyWalkMergeRequests(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.backlog(15)
		r.mergeBacklog(25)
		var sets atomic.Pointer[[]engine.PolicySet]
		configure := func(issues, merges string) {
			sets.Store(&[]engine.PolicySet{{Subject: triage.SubjectIssue, Digest: issues}, {Subject: triage.SubjectMergeRequest, Digest: merges}})
		}
		configure("one", "two")
		policies := func() []engine.PolicySet { return *sets.Load() }
		counts := map[triage.Ref]int{}
		pass := func(minutes int) {
			for range minutes {
				r.pass(time.Minute)
				r.shown(counts)
			}
		}
		shown := func(when string, issueTimes, merged, mergeTimes int) {
			t.Helper()
			each(t, when+", issues", ofKind(triage.SubjectIssue, counts), 15, issueTimes)
			each(t, when+", merge requests", ofKind(triage.SubjectMergeRequest, counts), merged, mergeTimes)
		}
		first := r.walkerFor(policies)
		r.pass(59 * time.Second)
		r.shown(counts)
		each(t, "in the first minute", counts, 10, 1)
		pass(1)
		shown("in the second", 1, 5, 1)
		first.stop()
		r.walkerFor(policies)
		r.walkerFor(policies)
		pass(6)
		shown("after a crash", 1, 25, 1)
		r.lab.requests()
		pass(3)
		expect(t, "calls when all is done", 0, strings.Count(strings.Join(r.lab.requests(), "\n"), "created"))

		configure("one", "three")
		pass(2)
		configure("four", "three") // in the middle of the merge requests
		pass(8)
		shown("with other policies", 2, 25, 2)

		for _, lost := range []struct {
			name          string
			issues, merge int // how often they were shown then
		}{{"policies/7/merge_request", 2, 3}, {"policies/7", 3, 3}} {
			if err := r.store.Coordinator.SetCheckpoint(t.Context(), lost.name, nil); err != nil {
				t.Fatal(err)
			}
			pass(30)
			shown("without "+lost.name, lost.issues, 25, lost.merge)
		}
	})
}

// Merge requests that are closed or merged are shown only to policies that ask for such.
func TestPolicyWalkClosedMergeRequests(t *testing.T) {
	for name, test := range map[string]struct {
		closed bool
		want   int
	}{"open ones": {false, 1}, "all": {true, 3}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newLab(7), func(t *testing.T, r *rig) {
				r.mergeBacklog(3)
				r.lab.set(func() {
					for iid, state := range map[int64]triage.MergeRequestState{2: triage.MRClosed, 3: triage.MRMerged} {
						m := r.lab.projects[7].merges[iid]
						m.Closed, m.MergeRequest.State = true, state
						r.lab.projects[7].merges[iid] = m
					}
				})
				r.backlog(1)
				r.walkerFor(func() []engine.PolicySet {
					return []engine.PolicySet{{Subject: triage.SubjectMergeRequest, Digest: "one", Closed: test.closed}}
				})
				counts := map[triage.Ref]int{}
				r.pass(3 * time.Minute)
				r.shown(counts)
				each(t, name, counts, test.want, 1)
				expect(t, "issues", 0, len(ofKind(triage.SubjectIssue, counts)))
			})
		})
	}
}

// A project that shows no merge requests may have hidden them: it is asked again each day.
func TestPolicyWalkHiddenMergeRequests(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		counts := map[triage.Ref]int{}
		look := func(when string, asked, shown int) {
			t.Helper()
			p := r.walkerFor(func() []engine.PolicySet {
				return []engine.PolicySet{{Subject: triage.SubjectMergeRequest, Digest: "one"}}
			})
			r.pass(time.Hour)
			p.stop()
			expect(t, when+", asked", asked, strings.Count(strings.Join(r.lab.requests(), "\n"), "created merge requests 7"))
			r.shown(counts)
			each(t, when, counts, shown, 1)
		}
		look("at first", 1, 0)
		r.mergeBacklog(3)
		r.pass(21 * time.Hour)
		look("on the same day", 0, 0)
		r.pass(2 * time.Hour)
		look("on the next day", 1, 3)
		r.pass(50 * time.Hour)
		look("from then on", 0, 3)
		expect(t, "said", 2, r.logged("the policies have been shown all merge requests of a project"))
	})
}

// A project whose lists GitLab fails to give is gone on with as soon as it does.
func TestPolicyWalkFails(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.mergeBacklog(3)
		r.backlog(3)
		r.lab.set(func() { r.lab.projects[7].broken = refusal(gitlab.Transient, http.StatusInternalServerError) })
		r.walkerFor(func() []engine.PolicySet {
			return []engine.PolicySet{{Subject: triage.SubjectIssue, Digest: "one"}, {Subject: triage.SubjectMergeRequest, Digest: "two"}}
		})
		counts := map[triage.Ref]int{}
		r.pass(5 * time.Minute)
		r.shown(counts)
		each(t, "while GitLab fails", counts, 0, 0)
		r.lab.set(func() { r.lab.projects[7].broken = nil })
		r.pass(2 * time.Minute)
		r.shown(counts)
		each(t, "after that", counts, 6, 1)
	})
}
