package bot_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestSweepCatchesUp drops webhooks, one with a command, and has the bot look after them.
func TestSweepCatchesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(100*time.Millisecond))
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has("devops::create") }))
	id, err := r.gitlab.Comment("omar", ref, "/flow next")
	r.must(nil, err)
	r.must(nil, r.await(func() bool {
		reactions, _ := r.answer(ref, id)
		return slices.Equal(reactions, []string{triage.DoneEmoji})
	}))
	r.must(r.gitlab.Comment("ann", ref, "just talk"))
	r.settle()
	r.restart() // which sweeps again
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::validation backlog") {
		t.Errorf("labels %v, want one step", i.Labels)
	}
	r.done(ref, id)
}

// TestClosedByAnUpdate: a closing that comes with another change is told twice, by the action "close" and by an update that repeats it. Either is
// enough, in any order, and the second does not answer it again.
func TestClosedByAnUpdate(t *testing.T) {
	t.Parallel()
	inDev := sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}}
	closing := sandbox.Change{Close: true, AddLabels: []string{"quick win"}}
	t.Run("the update alone", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, sandbox.Premium, nil)
		ref := r.open(inDev)
		r.gitlab.FailNextHook(sandbox.HookFault{Event: "Issue Hook", Do: sandbox.Drop})
		r.edit("omar", ref, closing)
		if i := r.gitlab.Issue(ref); !i.Has("workflow::complete") {
			t.Errorf("labels %v, want it complete", i.Labels)
		}
	})
	t.Run("the update much later", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, sandbox.Premium, nil)
		ref := r.open(inDev)
		r.gitlab.FailNextHook(sandbox.HookFault{Event: "Issue Hook", Do: sandbox.Hold, Times: 2})
		r.must(nil, r.gitlab.Edit("omar", ref, closing))
		r.must(nil, r.await(func() bool { return len(r.gitlab.HeldDeliveries()) == 2 }))
		held := r.gitlab.HeldDeliveries()
		for n := range held {
			r.must(nil, r.gitlab.ReleaseHeld(held[len(held)-1-n].ID)) // the update first
			r.settle()
		}
		if i := r.gitlab.Issue(ref); !i.Has("workflow::complete") {
			t.Errorf("labels %v, want it complete", i.Labels)
		}
		records, err := r.app.Inbox().Records(t.Context(), ref, 10)
		r.must(nil, err)
		closed := 0
		for _, one := range records {
			var said struct{ Events []string }
			r.must(nil, json.Unmarshal(one.Body, &said))
			for _, e := range said.Events {
				if strings.Contains(e, "closed") {
					closed++
				}
			}
		}
		if closed != 1 {
			t.Errorf("the rules saw %d closings, want one", closed)
		}
	})
}

// TestSweepKnowsWhatWasOpened: the webhook that opens an issue is dropped, also while the store is emptied. The rules that answer an opening
// answer it all the same, once: what a person undid stays undone.
func TestSweepKnowsWhatWasOpened(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"remembered": false, "store lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, redis := newRedisRig(t, sweeping(100*time.Millisecond))
			r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
			if lost {
				redis.Flush()
			}
			ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t"})
			r.must(nil, err)
			if err := r.await(func() bool { return r.gitlab.Issue(ref).Has("workflow::start") }); err != nil {
				t.Fatalf("labels %v", r.gitlab.Issue(ref).Labels)
			}
			r.settle()
			r.gitlab.ClearFaults()
			r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"workflow::start"}})
			if lost {
				redis.Flush()
			}
			r.must(r.gitlab.Comment("ann", ref, "just talk"))
			r.settle()
			r.restart() // which sweeps
			r.settle()
			if i := r.gitlab.Issue(ref); i.Has("workflow::start") {
				t.Errorf("labels %v, want no state: a person took it off", i.Labels)
			}
		})
	}
}

// TestSweepRunsNoCommentThatMayBeEdited: GitLab moves a comment's time of update for an edit and for a reaction, and says not who edited. A
// comment that was only edited is not answered, as ever; behind a reaction there may be an edit, so its writer is asked to write it again.
func TestSweepRunsNoCommentThatMayBeEdited(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(time.Hour))
	ref := r.open(planned)
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	edited, err := r.gitlab.Comment("omar", ref, "hello")
	r.must(nil, err)
	liked, err := r.gitlab.Comment("omar", ref, "/flow weight 2")
	r.must(nil, err)
	asked, err := r.gitlab.Comment("omar", ref, "/flow why needs-type")
	r.must(nil, err)
	r.ahead.Add(int64(time.Minute))
	r.must(nil, r.gitlab.EditNote("omar", ref, edited, "/flow weight 3"))
	r.must(nil, r.gitlab.React("ann", ref, liked, "thumbsup"))
	r.must(nil, r.gitlab.React("ann", ref, asked, "thumbsup"))
	r.restart() // which sweeps
	r.must(nil, r.await(func() bool {
		_, replies := r.answer(ref, asked)
		return len(replies) > 0
	}))
	r.settle()
	if reactions, replies := r.answer(ref, edited); len(reactions)+len(replies) > 0 {
		t.Errorf("the edited comment was answered %v %v", reactions, replies)
	}
	r.refused(ref, liked, "write it again if it still holds")
	if w := r.gitlab.Issue(ref).Weight; w != nil {
		t.Errorf("weight %d was set", *w)
	}
}

// TestSweepKnowsWhatChanged: rules that answer a change answer one that was not delivered, whether the issue is remembered or not.
func TestSweepKnowsWhatChanged(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"remembered": false, "store lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, redis := newRedisRig(t, sweeping(100*time.Millisecond))
			weighed, closed := r.open(secured), r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}})
			r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
			if lost {
				redis.Flush()
			}
			r.must(nil, r.gitlab.Edit("omar", weighed, sandbox.Change{Weight: triage.Int(2)}))
			r.must(nil, r.gitlab.Edit("omar", closed, sandbox.Change{Close: true}))
			if err := r.await(func() bool {
				return *cmp.Or(r.gitlab.Issue(weighed).Weight, triage.Int(0)) == 3 && r.gitlab.Issue(closed).Has("workflow::complete")
			}); err != nil {
				t.Errorf("weight %v, labels %v", r.gitlab.Issue(weighed).Weight, r.gitlab.Issue(closed).Labels)
			}
		})
	}
}

// TestSweepKnowsWhatPeopleTookBack: the store was lost, and the issue's first webhook comes once more. Then a person takes back what the bot
// did, and that webhook is dropped.
func TestSweepKnowsWhatPeopleTookBack(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, sweeping(100*time.Millisecond))
	ref := r.open(planned)
	later := r.open(secured)
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	if !r.gitlab.Issue(ref).Has("UX") {
		t.Fatalf("labels %v", r.gitlab.Issue(ref).Labels)
	}
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Issue == ref && d.Action == "open" })
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}}))
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}}))
	r.must(nil, r.gitlab.Edit("omar", later, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.await(func() bool { return *cmp.Or(r.gitlab.Issue(later).Weight, triage.Int(0)) == 3 }))
	r.settle()
	if i := r.gitlab.Issue(ref); i.Has("UX") {
		t.Errorf("the bot did again what a person undid: %v", i.Labels)
	}
}

// TestSweepKnowsWhatNothingTold: the webhook of a change is dropped, and the bot sees the change with a later webhook, before the sweep.
func TestSweepKnowsWhatNothingTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(time.Hour))
	weighed, closed := r.open(secured), r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}})
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 2})
	r.must(nil, r.gitlab.Edit("omar", weighed, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.Edit("omar", closed, sandbox.Change{Close: true}))
	for _, ref := range []triage.Ref{weighed, closed} {
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{"x"}})
	}
	r.restart() // which sweeps
	if err := r.await(func() bool {
		return *r.gitlab.Issue(weighed).Weight == 3 && r.gitlab.Issue(closed).Has("workflow::complete")
	}); err != nil {
		t.Errorf("weight %d, labels %v", *r.gitlab.Issue(weighed).Weight, r.gitlab.Issue(closed).Labels)
	}
}

// TestSweepGoesThroughThePast: the bot met the issue after its close, whose webhook was dropped.
func TestSweepGoesThroughThePast(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, sweeping(time.Hour))
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}})
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Close: true}))
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Issue == ref && d.Action == "open" })
	r.restart() // which sweeps
	if err := r.await(func() bool { return r.gitlab.Issue(ref).Has("workflow::complete") }); err != nil {
		t.Errorf("labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// swept starts the bot anew, which sweeps, and waits until the issue that moved last was looked at.
func (r *rig) swept() {
	r.Helper()
	mark := r.handled.mark
	r.restart()
	r.asked(mark, "GET notes")
	r.settle()
}

// TestSweepTakesNotTheBotsWriteForAPersons: the answer to the bot's write was cut off, and its own webhook is ignored.
func TestSweepTakesNotTheBotsWriteForAPersons(t *testing.T) {
	t.Parallel()
	for _, crash := range []bool{false, true} {
		r := newRig(t, sandbox.Premium, sweeping(time.Hour))
		ref := r.open(sandbox.IssueOptions{
			Title: "t", Labels: []string{"type::bug", "severity::1", "priority::1", "workflow::start"}, Assignees: []string{"omar"}, Weight: triage.Int(2),
		})
		r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}})
		if crash {
			r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", ApplyThenCut: true})
		}
		r.edit("mia", ref, sandbox.Change{AddLabels: []string{"security"}})
		if w := r.weight(ref); w != 3 {
			t.Fatalf("weight %d", w)
		}
		before := r.note(ref)
		handled := strings.Count(r.handled.text(), "issue handled")
		r.restart() // which sweeps
		r.must(nil, r.handled.await(t.Context(), func() bool { return strings.Count(r.handled.text(), "issue handled") > handled }))
		r.settle()
		if after := r.note(ref); strings.Contains(after, "The next step") {
			t.Errorf("crash %t: the bot took its own write for a person's. Before the sweep:\n%s\nafter it:\n%s", crash, before, after)
		}
	}
}

// TestSweepActsNotOnWhatWasLeftAlone: the issue was not the team's when it was weighed, and the bot was told.
func TestSweepActsNotOnWhatWasLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(time.Hour))
	ref := r.open(secured)
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"retrospective"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"retrospective"}})
	if w := r.weight(ref); w != 2 {
		t.Fatalf("weight %d before the sweep", w)
	}
	r.calls()
	r.swept()
	if w := r.weight(ref); w != 2 {
		t.Errorf("weight %d after the sweep; note:\n%s", w, r.note(ref))
	}
}

// TestSweepAsksNothingOfHandledCommands: the bot's own reaction moves a comment's time of update.
func TestSweepAsksNothingOfHandledCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(time.Hour))
	ref := r.open(planned)
	for n := range 5 {
		hold := make(chan struct{})
		r.gitlab.FailNext(sandbox.Fault{Match: "POST award", Wait: hold})
		id, err := r.gitlab.Comment("omar", ref, "/flow weight "+strconv.Itoa(n%3+1))
		r.must(nil, err)
		_ = id
		r.ahead.Add(int64(2 * time.Second)) // the answer takes two seconds
		close(hold)
		r.settle()
	}
	r.calls()
	r.swept()
	reads, _ := r.calls()
	awards := 0
	for _, line := range reads {
		if strings.Contains(line, "award") {
			awards++
		}
	}
	if awards > 0 {
		t.Errorf("%d calls for reactions:\n%s", awards, strings.Join(reads, "\n"))
	}
}

// TestFailureBehindAReactionForgetsNothing: a reaction that was owed is given, and then GitLab fails. What people silenced stays silenced.
func TestFailureBehindAReactionForgetsNothing(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, sweeping(time.Hour))
	ref := r.open(planned)
	r.done(ref, r.say("omar", ref, "/flow ignore design-needs-ux we have none"))
	r.gitlab.FailNext(sandbox.Fault{Match: "POST award", Status: http.StatusForbidden})
	owed := r.say("omar", ref, "/flow to nowhere")
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1})
	missed, err := r.gitlab.Comment("ann", ref, "/flow to refinement")
	r.must(nil, err)
	redis.Flush()
	r.gitlab.FailNext(sandbox.Fault{Match: "GET member"}) // omar's, of the silence that is recalled
	r.gitlab.FailNext(sandbox.Fault{Match: "GET member", Status: http.StatusBadGateway})
	r.restart() // which sweeps
	r.must(nil, r.await(func() bool {
		reactions, _ := r.answer(ref, missed)
		return len(reactions) > 0
	}))
	r.settle()
	if reactions, replies := r.answer(ref, owed); len(reactions) != 1 || len(replies) != 1 {
		t.Errorf("reactions %v, replies %v", reactions, replies)
	}
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	if i := r.gitlab.Issue(ref); i.Has("UX") {
		t.Errorf("the rule that omar silenced acted: %v", i.Labels)
	}
}
