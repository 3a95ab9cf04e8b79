package bot_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// newBothRig is a rig of a team that works by the handbook and keeps its states in labels and in statuses. A new issue has the status of the first state.
func newBothRig(t *testing.T, adjust func(*bot.Options)) *rig {
	t.Helper()
	r := newStatusRig(t, "workflow: {store: both}\n", adjust)
	var statuses []sandbox.Status
	for _, s := range triage.HandbookWorkflow().States() {
		category := "in_progress"
		if s.Is == triage.Done {
			category = "done"
		}
		statuses = append(statuses, sandbox.Status{Name: s.Name, Category: category})
	}
	r.must(nil, r.gitlab.SetStatuses("team", append(statuses, sandbox.Status{Name: "Duplicate", Category: "canceled"})))
	return r
}

// TestLabelMovedUnheard: with both places in use, a store that remembers nothing of the issue, and a person who moves it by its label while the bot
// looks, of which no delivery has told yet. The label counts: the status is the one that GitLab gave the issue by itself.
func TestLabelMovedUnheard(t *testing.T) {
	t.Parallel()
	for _, during := range []string{"GET notes", "GET label events", "GET issue", "QUERY", "MUTATION"} {
		t.Run(during, func(t *testing.T) {
			t.Parallel()
			r := newBothRig(t, func(o *bot.Options) { o.Inbox.RedisURL = redistest.Start(t, redistest.Options{}).URL() })
			var ref triage.Ref
			r.gitlab.FailNext(sandbox.Fault{Match: during, Meanwhile: func() {
				r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
			}})
			ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::refinement"}})
			r.must(nil, err)
			r.settle()
			if i := r.gitlab.Issue(ref); !i.Has("workflow::design") || i.Status != "design" {
				t.Errorf("labels %q, status %q\n%s", i.Labels, i.Status, fmt.Sprint(calls(r)))
			}
			r.alive()
		})
	}
}

// TestClosingByTheBotInBothPlaces: GitLab gives an issue that it closes another status, also when the bot closes it. The label follows, the command is
// done, whichever call failed on the way, and all is quiet.
func TestClosingByTheBotInBothPlaces(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"nothing fails": {}, "the link": {Match: "POST link", Status: http.StatusBadGateway}, "the first status": {Match: "MUTATION workItemUpdate 1#1", Status: http.StatusBadGateway},
		"the answer to it": {Match: "MUTATION workItemUpdate 1#1", ApplyThenCut: true}, "the closing": {Match: "PUT issue 1#1", Status: http.StatusBadGateway},
		"the answer to the closing": {Match: "PUT issue 1#1", ApplyThenCut: true}, "the reply": {Match: "POST reply", ApplyThenCut: true},
	} {
		for _, atOnce := range []bool{false, true} {
			for command, from := range map[string]string{"/flow spike done weight=3 What we found": "workflow::in dev", "/flow back\n\n/flow spike done weight=3 What we found": "workflow::in review"} {
				t.Run(fmt.Sprint(name, " ", from, ", at once ", atOnce), func(t *testing.T) {
					t.Parallel()
					r := newBothRig(t, func(o *bot.Options) { o.Inbox.RedisURL = redistest.Start(t, redistest.Options{}).URL() })
					ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"spike", "type::maintenance", from, "backend"}, Weight: triage.Int(2)})
					r.must(nil, err)
					if !atOnce {
						r.settle()
					}
					if fault.Match != "" {
						r.gitlab.FailNext(fault)
					}
					id := r.say("omar", ref, command)
					if reactions, replies := r.answer(ref, id); !slices.Equal(reactions, []string{"white_check_mark"}) || len(replies) != 1 || !strings.HasPrefix(replies[0].Text, "The follow-up is #2.\n\n<!--") {
						t.Errorf("reactions %v, replies %v", reactions, replies)
					}
					if i := r.gitlab.Issue(ref); i.State != "closed" || i.Status != "complete" || !i.Has("workflow::complete") {
						t.Errorf("%s, status %q, labels %q", i.State, i.Status, i.Labels)
					}
					r.calls()
					r.edit("omar", ref, sandbox.Change{AddLabels: []string{"camera"}})
					if _, writes := r.calls(); len(writes) > 0 {
						t.Errorf("it writes again: %v", writes)
					}
					r.alive()
				})
			}
		}
	}
}

// TestStatusThatWasNeverSet: with both places in use, what a command and the rules wanted is written down, and then the status cannot be set. What was
// wanted is not what the issue had: whoever tries again does not take the old status for a person's move.
func TestStatusThatWasNeverSet(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{"it fails": {Status: http.StatusBadGateway}, "it is cut off": {CutBefore: true}, "its answer is lost": {ApplyThenCut: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newBothRig(t, func(o *bot.Options) { o.Policy.Settle = 300 * time.Millisecond })
			fault.Match = "MUTATION"
			r.gitlab.FailNext(fault)
			ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::refinement"}})
			r.must(nil, err)
			r.done(ref, r.say("omar", ref, "/flow weight 2"))
			if i := r.gitlab.Issue(ref); !i.Has("workflow::refinement") || i.Status != "refinement" {
				t.Errorf("labels %q, status %q\n%s", i.Labels, i.Status, calls(r))
			}
			r.alive()
		})
	}
}
