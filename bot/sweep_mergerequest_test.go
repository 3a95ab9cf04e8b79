package bot_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// newLosingRig is a merging rig that sweeps when it is started.
func newLosingRig(t *testing.T, adjust func(*bot.Options)) *rig {
	t.Helper()
	return newMergingRig(t, func(o *bot.Options) {
		sweeping(time.Hour)(o)
		if adjust != nil {
			adjust(o)
		}
	})
}

// lose has GitLab drop the deliveries of merge requests.
func (r *rig) lose() {
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Merge Request Hook", Do: sandbox.Drop, Times: -1})
}

// sweep starts the bot anew, which sweeps, and waits until all that was found is handled.
func (r *rig) sweep() {
	r.Helper()
	sweeps := strings.Count(r.handled.text(), `"msg":"sweep `)
	r.restart()
	r.must(nil, r.handled.await(r.Context(), func() bool { return strings.Count(r.handled.text(), `"msg":"sweep `) > sweeps }))
	r.settle()
}

// TestSweepFindsLostMergeRequests: each of a merge request's deliveries is lost alone, then the sweep moves the issue as the delivery would have.
func TestSweepFindsLostMergeRequests(t *testing.T) {
	t.Parallel()
	steps := []struct {
		name, state string
		do          func(r *rig, m triage.Ref) error
	}{
		{"draft", inDev, nil},
		{"ready", inCodeReview, func(r *rig, m triage.Ref) error {
			return r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Draft: new(bool)})
		}},
		{"closed", readyForDev, func(r *rig, m triage.Ref) error {
			return r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
		}},
		{"open again", inCodeReview, func(r *rig, m triage.Ref) error {
			return r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Reopen: true}})
		}},
		{"merged", inVerification, func(r *rig, m triage.Ref) error { return r.gitlab.Merge("mia", m) }},
	}
	for lost := -1; lost < len(steps); lost++ {
		for _, emptied := range []bool{false, true} {
			name := "all"
			if lost >= 0 {
				name = steps[lost].name
			}
			t.Run(fmt.Sprintf("%s, store emptied %t", name, emptied), func(t *testing.T) {
				t.Parallel()
				r := newLosingRig(t, nil)
				ref := r.ready()
				var m triage.Ref
				for n, s := range steps {
					if lost < 0 || n == lost {
						r.lose()
					}
					if s.do == nil {
						m = r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
					} else {
						r.must(nil, s.do(r, m))
					}
					r.settle()
					r.gitlab.ClearFaults()
					if n != lost && lost >= 0 {
						r.in(ref, s.state)
						continue
					}
					if lost < 0 && n < len(steps)-1 {
						continue
					}
					if emptied {
						r.loseStore()
					}
					r.sweep()
					r.in(ref, s.state)
				}
				r.alive()
			})
		}
	}
}

// TestSweepOfDeliveredMergeRequests: a hundred merge requests that were all delivered cost a sweep its list and nothing else.
func TestSweepOfDeliveredMergeRequests(t *testing.T) {
	t.Parallel()
	r := newLosingRig(t, rulesOnMergeRequests)
	for n := range 10 {
		ref := r.ready()
		for range 10 {
			r.must(r.gitlab.OpenMergeRequest("omar", r.project, sandbox.MergeRequestOptions{Title: fmt.Sprint("m", n), Description: fmt.Sprintf("Closes #%d", ref.IID)}))
		}
	}
	r.settle()
	r.calls()
	r.sweep()
	reads, writes := r.calls()
	lists := 0
	for _, line := range reads {
		switch list := strings.HasPrefix(line, "GET merge requests "); {
		case list:
			lists++
		case strings.Contains(line, "!"):
			t.Errorf("the sweep costs %s", line)
		}
	}
	if lists != 1 || len(writes) > 0 {
		t.Errorf("%d lists of merge requests, want 1; writes %q", lists, writes)
	}
	r.alive()
}

// later lets so much time pass in GitLab that a delivery with times in whole seconds tells it.
func (r *rig) later() { r.ahead.Add(int64(2 * time.Second)) }

// TestPeopleWinOverLostMergeRequests: a person moved the issue after the merge request came into its stage, and something that says nothing moved the
// merge request later still. All deliveries of the merge request are lost.
func TestPeopleWinOverLostMergeRequests(t *testing.T) {
	t.Parallel()
	for stage, come := range map[string]func(r *rig, m triage.Ref) error{
		"ready": func(r *rig, m triage.Ref) error {
			return r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Draft: new(bool)})
		},
		"closed": func(r *rig, m triage.Ref) error {
			return r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
		},
		"merged": func(r *rig, m triage.Ref) error {
			return cmp.Or(r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Draft: new(bool)}), r.gitlab.Merge("mia", m))
		},
	} {
		for _, emptied := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, store emptied %t", stage, emptied), func(t *testing.T) {
				t.Parallel()
				r := newLosingRig(t, nil)
				ref := r.ready()
				m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
				r.in(ref, inDev)
				r.lose()
				r.later()
				r.must(nil, come(r, m))
				r.settle()
				r.later()
				r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}})
				r.edit("mia", ref, sandbox.Change{AddLabels: []string{inDev}})
				r.later()
				r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
				r.settle()
				if emptied {
					r.loseStore()
				}
				r.sweep()
				r.in(ref, inDev)
				r.alive()
			})
		}
	}
}

// TestSweepLeavesOldMergeRequestsAlone: a merge request that was merged long before the bot came is touched again. Its issue stays where it is.
func TestSweepLeavesOldMergeRequestsAlone(t *testing.T) {
	t.Parallel()
	for _, draft := range []string{"", "Draft: "} {
		r := newLosingRig(t, nil)
		r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
		r.ahead.Store(-int64(2 * time.Hour))
		ref := r.ready()
		m := r.merging(draft+"one", fmt.Sprintf("Closes #%d", ref.IID))
		if draft == "" {
			r.merge(m)
		}
		r.ahead.Store(0)
		r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
		r.sweep()
		r.in(ref, readyForDev)
		r.gitlab.ClearFaults()
		if draft != "" { // and what happens to it from now on counts
			r.lose()
			r.draft(m, false)
			r.sweep()
			r.in(ref, inCodeReview)
		}
		r.alive()
	}
}

// TestReplicasSweepMergeRequests: two replicas sweep on one store, which is emptied in between. Each lost merge is caught up once.
func TestReplicasSweepMergeRequests(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newMergingRig(t, func(o *bot.Options) {
		o.Inbox.RedisURL = redis.URL()
		sweeping(50 * time.Millisecond)(o)
	})
	r.secondReplica(nil)
	r.lose()
	var refs, mergeRequests []triage.Ref
	for range 5 {
		ref := r.ready()
		refs = append(refs, ref)
		mergeRequests = append(mergeRequests, r.merging("one", fmt.Sprintf("Closes #%d", ref.IID)))
	}
	all := func(state string) {
		r.Helper()
		for _, ref := range refs {
			if err := r.await(func() bool { i := r.gitlab.Issue(ref); return i.Has(state) }); err != nil {
				r.Fatalf("%s has the labels %v, want %s", ref, r.gitlab.Issue(ref).Labels, state)
			}
		}
	}
	all(inCodeReview)
	redis.Flush()
	for _, m := range mergeRequests {
		r.must(nil, r.gitlab.Merge("mia", m))
	}
	all(inVerification)
	for _, ref := range refs {
		moves := 0
		for _, e := range r.gitlab.Issue(ref).LabelEvents {
			if e.Label == inVerification && e.Added {
				moves++
			}
		}
		if moves != 1 {
			t.Errorf("%s was moved %d times", ref, moves)
		}
	}
}

// TestSweepForRulesOnMergeRequests: rules about merge requests themselves answer what was not delivered, and what people undo stays undone.
func TestSweepForRulesOnMergeRequests(t *testing.T) {
	t.Parallel()
	for _, emptied := range []bool{false, true} {
		t.Run(fmt.Sprintf("store emptied %t", emptied), func(t *testing.T) {
			t.Parallel()
			r := newLosingRig(t, rulesOnMergeRequests)
			r.must(nil, r.gitlab.SetLevel(r.gitlab.BotUser(), "team", sandbox.Developer))
			ref := r.ready("severity::2")
			words := r.merging("two", "Only words.")
			if note := r.note(words); !strings.Contains(note, "- [ ] **An issue**") {
				t.Fatalf("the note says %q", note)
			}
			r.lose()
			m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
			nameless := r.merging("three", "Only words.")
			if emptied {
				r.loseStore()
			}
			r.sweep()
			if got := r.gitlab.MergeRequest(m).Labels; !slices.Contains(got, "severity::2") {
				t.Errorf("the lost one has the labels %q", got)
			}
			if note := r.note(nameless); !strings.Contains(note, "- [ ] **An issue**") {
				t.Errorf("the note of the lost one says %q", note)
			}
			text := fmt.Sprintf("Related to #%d", ref.IID)
			for _, edited := range []triage.Ref{words, nameless} {
				r.must(nil, r.gitlab.EditMergeRequest("omar", edited, sandbox.MergeRequestChange{Change: sandbox.Change{Description: &text}}))
			}
			r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{RemoveLabels: []string{"severity::2"}}}))
			r.settle()
			if emptied {
				r.loseStore()
			}
			r.sweep()
			for _, edited := range []triage.Ref{words, nameless} {
				if note := r.note(edited); strings.Contains(note, "- [ ]") {
					t.Errorf("behind the lost edit the note says %q", note)
				}
			}
			if emptied {
				r.loseStore()
				r.sweep()
			}
			if got := r.gitlab.MergeRequest(m).Labels; slices.Contains(got, "severity::2") {
				t.Errorf("a person took the label off, and the merge request has %q", got)
			}
			if notes := r.gitlab.Issue(nameless).CommentsBy(botName); len(notes) != 1 {
				t.Errorf("the bot has %d comments", len(notes))
			}
			r.alive()
		})
	}
}

// TestSweepFindsTheLostMergeOfAnIdleOne: only a policy has looked at an old merge request so far, and labelled it. Then it is merged or closed, and nothing tells.
func TestSweepFindsTheLostMergeOfAnIdleOne(t *testing.T) {
	t.Parallel()
	for _, draft := range []bool{false, true} {
		r := newRig(t, sandbox.Premium, func(o *bot.Options) { walking(o, staleMergeAfter(120)) })
		r.must(nil, r.gitlab.SetAutoClose(r.project, false))
		issue, all := r.mergeBacklog(ago(2, 200*day)...)
		r.walk()
		r.onlyStaleMerges(all)
		r.untouched(issue)
		r.lose()
		want := inVerification
		if draft {
			want = inDev
			r.must(nil, r.gitlab.EditMergeRequest("omar", all[1], sandbox.MergeRequestChange{Draft: new(true)}))
		} else {
			r.must(nil, r.gitlab.Merge("mia", all[1]))
		}
		if err := r.await(func() bool { i := r.gitlab.Issue(issue); return i.Has(want) }); err != nil {
			t.Errorf("the issue has %v, want %s", r.gitlab.Issue(issue).Labels, want)
		}
		r.settle()
		r.alive()
	}
}

// TestLostMergeCountsFromItsTime: GitLab gets ten minutes to close the issue of a merge itself. They count from the merge, not from the sweep that found it,
// nor from what happened to the merge request later.
func TestLostMergeCountsFromItsTime(t *testing.T) {
	t.Parallel()
	r := newLosingRig(t, nil)
	r.must(nil, r.gitlab.SetAutoClose(r.project, true))
	r.ahead.Store(-int64(5 * time.Minute))
	ref := r.ready()
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inCodeReview)
	r.lose()
	r.gitlab.HoldJobs() // so that the issue is not closed
	r.must(nil, r.gitlab.Merge("mia", m))
	r.must(nil, r.gitlab.RunJobs("merge "))
	r.ahead.Store(0)
	r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
	r.sweep()
	r.in(ref, inCodeReview)
	due := r.gitlab.MergeRequest(m).MergedAt.Add(10 * time.Minute).Truncate(time.Millisecond)
	if wake := r.memory(ref).Wakes["mr-merged"]; !wake.Truncate(time.Millisecond).Equal(due) {
		t.Errorf("the rule looks again at %s, want %s", wake, due)
	}
}

// TestSweepRemindsOnce: where the bot only reminds, an emptied store and a sweep change nothing of what it said.
func TestSweepRemindsOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(time.Hour))
	r.must(nil, r.gitlab.SetAutoClose(r.project, false))
	ref := r.ready()
	r.lose()
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	r.sweep()
	before := r.note(ref)
	if !strings.Contains(before, fmt.Sprintf("- [ ] **The next state**. Merge request !%d is ready for review", m.IID)) {
		t.Fatalf("the note says %q", before)
	}
	r.loseStore()
	r.sweep()
	if after := r.note(ref); after != before {
		t.Errorf("the note said %q, then %q", before, after)
	}
	r.merge(m)
	r.sweep()
	if after := r.note(ref); !strings.Contains(after, "is merged") {
		t.Errorf("the note says %q", after)
	}
	r.alive()
}
