package bot_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// GitLab may carry out a request whose connection broke, after the bot has sent it again. What is there twice then, the younger one goes.

// TestNoteWrittenLate: the first attempt's note appears behind that of the second.
func TestNoteWrittenLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	late := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", CutThenApply: late})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	kept := r.noteID(ref)
	close(late)
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) == 2 }))
	r.restart() // it is remembered
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	if id := r.noteID(ref); id != kept {
		t.Errorf("note %d is left, want the older one, %d", id, kept)
	}
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.says("with another weight", ref, "All set")
	if m := r.memory(ref); m.WakeAt.IsZero() {
		t.Error("nothing looks at the issue again, should the note come even later")
	}
}

// TestNoteWrittenBeforeItsRepetition: the first attempt's note appears between the look for it and the second attempt.
func TestNoteWrittenBeforeItsRepetition(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	late, hold := make(chan struct{}), make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", CutThenApply: late})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Wait: hold})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(5)}))
	r.asked(0, "GET notes")
	close(late)
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) == 1 }))
	first := r.noteID(ref)
	close(hold)
	r.settle()
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	if id := r.noteID(ref); id != first {
		t.Errorf("note %d is left, want the older one, %d", id, first)
	}
	r.says("with another weight", ref, "All set")
}

// TestNoteEditedLate: an edit that is carried out behind a newer one is set right.
func TestNoteEditedLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	late := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT note", CutThenApply: late})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(6)})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.says("with a small weight", ref, "All set")
	close(late)
	r.must(nil, r.await(func() bool { return !strings.Contains(r.note(ref), "All set") }))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	r.says("after the late edit", ref, "All set")
}

// TestReplyWrittenLate: the first attempt's reply appears behind that of the second.
func TestReplyWrittenLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	late := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST reply", CutThenApply: late})
	id := r.say("omar", ref, "/flow to nowhere")
	r.refused(ref, id, "nowhere")
	close(late)
	r.must(nil, r.await(func() bool { _, replies := r.answer(ref, id); return len(replies) == 2 }))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	r.refused(ref, id, "nowhere")
}

// TestFollowUpOpenedLate: a second follow-up that GitLab opens late is closed and says which one counts.
func TestFollowUpOpenedLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(spike)
	late := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST issue", CutThenApply: late})
	id := r.say("omar", ref, "/flow spike done")
	if _, replies := r.answer(ref, id); len(replies) != 1 || !strings.Contains(replies[0].Text, "#2") {
		t.Fatalf("%v", replies)
	}
	close(late)
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issues(r.project)) == 3 }))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	twin := r.gitlab.Issues(r.project)[2]
	said := slices.ContainsFunc(twin.CommentsBy(botName), func(n sandbox.Note) bool { return strings.Contains(n.Text, "#2") })
	if twin.State != "closed" || !said {
		t.Errorf("the second follow-up is %s, and says %v", twin.State, twin.CommentsBy(botName))
	}
	if first := r.gitlab.Issues(r.project)[1]; first.State != "opened" {
		t.Error("the first follow-up is closed, too")
	}
}

// TestIntentOutlivesTwins: the second of two late notes cannot be deleted at once. What a command wants is not done yet, and is not lost.
func TestIntentOutlivesTwins(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	late, hold, open := make(chan struct{}), make(chan struct{}), make(chan struct{})
	close(open)
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", CutThenApply: late, Times: 2})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Wait: hold, Status: http.StatusBadGateway})
	r.gitlab.FailNext(sandbox.Fault{Match: "DELETE note", Wait: open})
	r.gitlab.FailNext(sandbox.Fault{Match: "DELETE note", Status: http.StatusBadGateway})
	calls := len(r.gitlab.Calls())
	id, err := r.gitlab.Comment("omar", ref, "/flow to design")
	r.must(nil, err)
	r.asked(calls, "GET member")
	close(late)
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) == 3 }))
	close(hold)
	r.settle()
	r.done(ref, id)
	r.carries(ref, []string{"workflow::design"}, nil)
	r.noteID(ref) // there is one
}
