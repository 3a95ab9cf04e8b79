package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestRetryKeepsAPersonsChange: the effect is there, its acknowledgement fails, and a person goes on meanwhile.
func TestRetryKeepsAPersonsChange(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST award", Wait: hold, Status: http.StatusBadGateway})
	r.must(r.gitlab.Comment("omar", ref, "/flow to design"))
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has("workflow::design") }))
	r.must(nil, r.gitlab.Edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::in review"}}))
	close(hold)
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::in review") {
		t.Errorf("mia moved it to in review, labels %v", i.Labels)
	}
}

// TestBuriedCommandStaysBuried: the next event of the issue does not bring back what a dead letter wanted.
func TestBuriedCommandStaysBuried(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Status: http.StatusForbidden})
	r.say("omar", ref, "/flow to design\n/flow unclear what is this")
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::in review"}})
	if i := r.gitlab.Issue(ref); !i.Has("workflow::in review") {
		t.Errorf("mia moved it to in review; labels %v", i.Labels)
	}
}

func TestInternalTitleStaysInternal(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(spike)
	_, err := r.gitlab.CommentInternally("omar", ref, "/flow spike done Move ACME off the shared Gitaly")
	r.must(nil, err)
	r.settle()
	for _, i := range r.gitlab.Issues(r.project) {
		if strings.Contains(i.Title, "ACME") && !i.Confidential {
			t.Errorf("what was said internally is a public title: %q", i.Title)
		}
	}
}

func TestRefusedFollowUpIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(spike)
	r.gitlab.FailNext(sandbox.Fault{Match: "POST issue", Status: http.StatusForbidden, Times: -1})
	id := r.say("omar", ref, "/flow spike done")
	r.refused(ref, id, "Not done")
}

// TestRefusedNoteIsSaid: what was done is done, and that the rest is not is said.
func TestRefusedNoteIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Status: http.StatusForbidden})
	id := r.say("omar", ref, "/flow unclear what is this")
	if reactions, replies := r.answer(ref, id); len(reactions)+len(replies) == 0 {
		t.Error("the command was not answered at all")
	}
}

func TestFreeWeightAfterRetry(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{{}, {Match: "PUT issue", Status: http.StatusBadGateway}, {Match: "PUT issue", ApplyThenCut: true}, {Match: "POST award", Status: 502}} {
		r := newRig(t, sandbox.Free, nil)
		ref := r.open(planned)
		if fault.Match != "" {
			r.gitlab.FailNext(fault)
		}
		id := r.say("omar", ref, "/flow weight 2")
		if i := r.gitlab.Issue(ref); !i.Has("backend-weight::2") {
			reactions, replies := r.answer(ref, id)
			t.Errorf("%+v: labels %v; answered %v %v", fault, i.Labels, reactions, replies)
		}
	}
}

// TestReplyWithoutItsReaction: the store is lost between the two.
func TestReplyWithoutItsReaction(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, sweeping(100*time.Millisecond))
	ref := r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST award", Wait: hold, CutBefore: true})
	id, err := r.gitlab.Comment("omar", ref, "/flow to nowhere")
	r.must(nil, err)
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) == 1 }))
	redis.Flush()
	close(hold)
	var reactions []string
	var replies []sandbox.Note
	if err := r.await(func() bool {
		reactions, replies = r.answer(ref, id)
		return len(reactions) > 0
	}); err != nil || len(replies) != 1 {
		t.Errorf("%v: reactions %v, replies %v", err, reactions, replies)
	}
}

// TestWhoAskedIsTold: of two comments that are handled together, the one whose milestone does not exist is told.
func TestWhoAskedIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST award", Wait: hold})
	r.must(r.gitlab.Comment("omar", ref, "/flow weight 2"))
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Weight != nil }))
	asks, err := r.gitlab.Comment("omar", ref, "/flow triage minor")
	r.must(nil, err)
	other, err := r.gitlab.Comment("mia", ref, "/flow next")
	r.must(nil, err)
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	close(hold)
	r.settle()
	if _, replies := r.answer(ref, asks); len(replies) != 1 || !strings.Contains(replies[0].Text, "did not take this") {
		t.Errorf("omar is told %v", replies)
	}
	if _, replies := r.answer(ref, other); len(replies) > 0 {
		t.Errorf("mia is told %v", replies)
	}
}

func TestTwoCommentsOnAnIssueNewToTheBot(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop})
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Wait: hold})
	r.must(r.gitlab.Comment("omar", ref, "/flow to design"))
	r.asked(0, "GET member")
	second, err := r.gitlab.Comment("mia", ref, "/flow to refinement")
	r.must(nil, err)
	close(hold)
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::refinement") {
		reactions, replies := r.answer(ref, second)
		t.Errorf("labels %v, mia was told %v %v", i.Labels, reactions, replies)
	}
}

func TestBumpAfterAWeightByCommand(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.done(ref, r.say("omar", ref, "/flow weight 1"))
	r.edit("mia", ref, sandbox.Change{Weight: triage.Int(3)})
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"security", "type::bug", "severity::1", "priority::1"}})
	if w := r.weight(ref); w != 4 {
		t.Errorf("weight %d, want 4; note:\n%s", w, r.note(ref))
	}
}

func TestTwoWeightsByCommandAreNoBump(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.done(ref, r.say("omar", ref, "/flow weight 2"))
	r.done(ref, r.say("omar", ref, "/flow weight 3"))
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"security", "type::bug", "severity::1", "priority::1"}})
	if w := r.weight(ref); w != 4 {
		t.Errorf("weight %d, want 4; note:\n%s", w, r.note(ref))
	}
}

func TestFollowUpToldOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(spike)
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusBadGateway, Times: 2})
	_, replies := r.answer(ref, r.say("omar", ref, "/flow spike done"))
	if len(replies) != 1 || strings.Count(replies[0].Text, "The follow-up is") != 1 {
		t.Errorf("%v", replies)
	}
}

func TestLateCommandDoesNotUndoNewerWork(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, sweeping(300*time.Millisecond))
	ref := r.open(planned)
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	id, err := r.gitlab.Comment("omar", ref, "/flow to design")
	r.must(nil, err)
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
	r.must(nil, r.gitlab.Edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::in dev"}, Assignees: &[]string{"omar"}}))
	r.must(nil, r.await(func() bool { re, rp := r.answer(ref, id); return len(re)+len(rp) > 0 }))
	if i := r.gitlab.Issue(ref); !i.Has("workflow::in dev") {
		re, rp := r.answer(ref, id)
		t.Errorf("labels %v, %v %v", i.Labels, re, rp)
	}
}

func TestAskedIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Settle = time.Millisecond })
	ref := r.open(planned)
	for n := range 40 {
		r.say([]string{"omar", "mia"}[n%2], ref, fmt.Sprintf("/flow unclear question %d", n))
		r.say("omar", ref, fmt.Sprintf("/flow weight %d", n%4))
	}
	if m := r.memory(ref); len(m.Mentioned) > 20 || len(m.Items) > 20 {
		t.Errorf("%d asked, %d items", len(m.Mentioned), len(m.Items))
	}
}

func TestDismissedIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	r.must(nil, r.gitlab.DeleteNote("mia", ref, r.gitlab.Issue(ref).CommentsBy(botName)[0].ID))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for development"}})
	for n := range 12 {
		r.gitlab.FailNext(sandbox.Fault{Match: "PUT note", Status: http.StatusBadGateway})
		r.gitlab.FailNext(sandbox.Fault{Match: "PUT note", Status: http.StatusBadGateway})
		r.say("omar", ref, fmt.Sprintf("/flow unclear question %d", n))
	}
	m := r.memory(ref)
	if len(m.Note.Dismissed) > 50 {
		t.Errorf("%d dismissed", len(m.Note.Dismissed))
	}
}

func TestWhoIsToldOfALink(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Settle = 0 })
	ref, other := r.open(planned), r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "GET member", Wait: hold, Status: 502})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST link", Status: 403, Times: -1})
	a, err := r.gitlab.Comment("omar", ref, fmt.Sprintf("/flow blocked by #%d", other.IID))
	r.must(nil, err)
	b, err := r.gitlab.Comment("mia", ref, "/flow weight 2")
	r.must(nil, err)
	close(hold)
	r.settle()
	ra, pa := r.answer(ref, a)
	rb, pb := r.answer(ref, b)
	if len(pa) != 1 || len(pb) != 0 {
		t.Errorf("omar was told %v %v, mia %v %v", ra, pa, rb, pb)
	}
}

// TestCommandBehindANewerChange: a command that is read late does not run over what a person did since.
func TestCommandBehindANewerChange(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "GET member", Wait: hold, Status: http.StatusBadGateway})
	id, err := r.gitlab.Comment("omar", ref, "/flow to design")
	r.must(nil, err)
	r.ahead.Store(int64(3 * time.Second)) // GitLab tells of comments in whole seconds
	r.must(nil, r.gitlab.Edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::in review"}}))
	close(hold)
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::in review") {
		re, rp := r.answer(ref, id)
		t.Errorf("labels %v, %v %v", i.Labels, re, rp)
	}
}

// TestTalkIsNotCounted: only what may be a command counts against the limit.
func TestTalkIsNotCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	for range 4 {
		r.say("omar", ref, strings.Repeat("@"+botName+" thanks a lot\n", 16))
	}
	r.done(ref, r.say("omar", ref, "/flow to design"))
}

// contradicting are rules that contradict each other about an issue in design.
func contradicting() []engine.Setting {
	wants := func(id, label string) engine.Setting {
		return engine.Setting{Mode: triage.Act, Rule: triage.Rule{
			Meta: triage.Meta{ID: id, On: triage.LabelsChanged, Mode: triage.Act, MaxMode: triage.Act},
			Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
				if !in.Issue.Has("workflow::design") {
					return triage.Nothing("")
				}
				return triage.Want("", triage.AddLabel{Label: label})
			},
		}}
	}
	return []engine.Setting{wants("one", "a::1"), wants("two", "a::2")}
}

// TestContradictionIsSaid: rules that contradict each other leave nobody without an answer.
func TestContradictionIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Settings = contradicting() })
	ref := r.open(planned)
	r.refused(ref, r.say("omar", ref, "/flow to design"), "contradict")
}

// TestContradictionKeepsTheNote: what the note asked for before stays remembered, and the command is not run again.
func TestContradictionKeepsTheNote(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Settings = append(o.Policy.Settings, contradicting()...) })
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"backend"}})
	id := r.say("omar", ref, "/flow to design")
	r.must(nil, r.app.Inbox().Redrive(t.Context(), ref))
	r.settle()
	r.refused(ref, id, "contradict")
	if m := r.memory(ref); m.Items["needs-type/type"].State != triage.ItemOpen {
		t.Errorf("the items are %+v", m.Items)
	}
}

// TestRefusedOrdersAreNobodysUndoing: GitLab refused the move, so nobody took back what would have come with it.
func TestRefusedOrdersAreNobodysUndoing(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusForbidden})
	id := r.say("omar", ref, "/flow to design")
	r.refused(ref, id, "Not done")
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	if i := r.gitlab.Issue(ref); !i.Has("UX") {
		t.Errorf("labels %v; note:\n%s", i.Labels, r.note(ref))
	}
}
