package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// newHalvesRig is a rig of a team that keeps its states in both places, whose rules move issues with their merge requests.
func newHalvesRig(t *testing.T) *rig {
	t.Helper()
	r := newBothRig(t, func(o *bot.Options) {
		moveByMergeRequests(o)
		sweeping(time.Hour)(o)
		o.Drain = 50 * time.Millisecond
	})
	r.must(nil, r.gitlab.SetAutoClose(r.project, false))
	return r
}

// stopAt has the bot stopped at a call, which GitLab carries out or not, and started again: with an empty store, or with what it knows.
func (r *rig) stopAt(call string, applied, emptied bool, do func()) {
	r.Helper()
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: call, Wait: hold, CutBefore: !applied, ApplyThenCut: applied})
	do()
	r.must(nil, r.await(func() bool { return len(r.gitlab.HeldCalls()) > 0 }))
	writes := len(r.gitlab.Writes())
	if applied {
		close(hold)
		r.must(nil, r.await(func() bool { return len(r.gitlab.Writes()) > writes }))
	}
	r.must(nil, r.app.Stop())
	if !applied {
		close(hold)
	}
	if emptied {
		r.loseStore()
	} else {
		r.start()
	}
	r.sweep()
}

// TestHalfMovedInBothPlaces: a rule moves an issue in label and status, which are two writes, and the bot is stopped at one of them. Whoever goes on makes
// the other half, also with a store that was emptied meanwhile: the issue does not go back.
func TestHalfMovedInBothPlaces(t *testing.T) {
	t.Parallel()
	for _, half := range []string{"PUT issue 1#1", "MUTATION workItemUpdate 1#1"} {
		for _, applied := range []bool{false, true} {
			for _, emptied := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, carried out %t, store emptied %t", half, applied, emptied), func(t *testing.T) {
					t.Parallel()
					r := newHalvesRig(t)
					ref := r.ready()
					r.stopAt(half, applied, emptied, func() {
						r.must(r.gitlab.OpenMergeRequest("omar", r.project, sandbox.MergeRequestOptions{Title: "Draft: one", Description: "Closes #1"}))
					})
					if i := r.gitlab.Issue(ref); !i.Has(inDev) || i.Has(readyForDev) || i.Status != "in dev" {
						t.Errorf("labels %q, status %q\n%s", i.Labels, i.Status, calls(r))
					}
					r.alive()
				})
			}
		}
	}
}

// TestHalfClosedInBothPlaces: the bot closes an issue, GitLab gives it another status by itself, and the bot is stopped before the label follows.
func TestHalfClosedInBothPlaces(t *testing.T) {
	t.Parallel()
	for _, emptied := range []bool{false, true} {
		t.Run(fmt.Sprint("store emptied ", emptied), func(t *testing.T) {
			t.Parallel()
			r := newHalvesRig(t)
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"spike", "type::maintenance", inDev, "backend"}, Weight: triage.Int(2)})
			r.stopAt("PUT issue 1#1", true, emptied, func() {
				r.must(r.gitlab.Comment("omar", ref, "/flow back\n\n/flow spike done weight=3 What we found"))
			})
			if i := r.gitlab.Issue(ref); i.State != "closed" || !i.Has("workflow::complete") || i.Status != "complete" {
				t.Errorf("%s, labels %q, status %q\n%s", i.State, i.Labels, i.Status, calls(r))
			}
			r.alive()
		})
	}
}

// TestMovedBetweenTheHalves: a person is faster than the second of the two writes. The person has the last word, and nothing is written twice.
func TestMovedBetweenTheHalves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change sandbox.Change
		state  string
		sets   int // of the status
	}{
		"the issue":         {sandbox.Change{AddLabels: []string{inCodeReview}}, "in review", 2},
		"something else":    {sandbox.Change{AddLabels: []string{"camera"}}, "in dev", 1},
		"the bot's own":     {sandbox.Change{RemoveLabels: []string{inDev}}, "in dev", 1},
		"the issue, closed": {sandbox.Change{Close: true}, "complete", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newHalvesRig(t)
			ref := r.ready()
			r.calls()
			call := "MUTATION"
			if test.sets == 0 {
				call = "PUT"
			}
			r.gitlab.FailNext(sandbox.Fault{Match: call, Meanwhile: func() { r.must(nil, r.gitlab.Edit("mia", ref, test.change)) }})
			r.merging("Draft: one", "Closes #1")
			sets, _ := r.sets()
			i := r.gitlab.Issue(ref)
			if has := name != "the bot's own"; i.Status != test.state || i.Has("workflow::"+test.state) != has || sets != test.sets {
				t.Errorf("labels %q, status %q, set %d times\n%s", i.Labels, i.Status, sets, calls(r))
			}
			r.alive()
		})
	}
}

// TestMovedToAndFro: merge requests move an issue on, back and on again, and the bot is stopped when it has moved it back. Nobody has undone anything.
func TestMovedToAndFro(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		for _, emptied := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, store emptied %t", place, emptied), func(t *testing.T) {
				t.Parallel()
				r := newStatusRig(t, text, func(o *bot.Options) {
					moveByMergeRequests(o)
					sweeping(time.Hour)(o)
					o.Drain = 50 * time.Millisecond
				})
				r.must(nil, r.gitlab.SetAutoClose(r.project, false))
				ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}, Weight: triage.Int(2)})
				r.card("omar", ref, "Ready")
				m := r.merging("Draft: one", "Closes #1")
				r.draft(m, false)
				r.stopAt("MUTATION", true, emptied, func() {
					r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Draft: new(true)}))
				})
				r.draft(m, false)
				if i := r.gitlab.Issue(ref); i.Status != "In review" {
					t.Errorf("labels %q, status %q\n%s\n%s", i.Labels, i.Status, calls(r), r.handled.text())
				}
				r.alive()
			})
		}
	}
}
