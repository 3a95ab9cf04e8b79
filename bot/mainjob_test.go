package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// typed keeps reminders of the type out of a test.
var typed = []string{"type::maintenance"}

func TestOpenedIssueGetsLabelsInOneWrite(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	r.calls()
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	reads, writes := r.calls()
	if len(reads) > 0 || len(writes) != 1 || !strings.HasPrefix(writes[0], "PUT ") {
		t.Errorf("reads %v, writes %v: one PUT and nothing else is wanted", reads, writes)
	}
	want := []string{"type::maintenance", "backend", "devops::create", "Category:Source Code Management", "group::source code", "workflow::start"}
	if diff := cmp.Diff(want, r.gitlab.Issue(ref).Labels); diff != "" {
		t.Error("labels (-want +got)\n", diff)
	}
	if note := r.note(ref); note != "" {
		t.Errorf("there is nothing to say, the bot says:\n%s", note)
	}
}

func TestEventThatChangesNothingCostsNothing(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	r.calls()
	r.must(r.gitlab.Comment("ann", ref, "Sounds good"))
	r.settle()
	r.edit("ann", ref, sandbox.Change{Title: new("another title")})
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	r.must(nil, r.gitlab.React("ann", ref, 0, "thumbsup"))
	r.must(nil, r.gitlab.React("ann", ref, 0, "rocket"))
	r.settle()
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("reads %v, writes %v: nothing was to be done", reads, writes)
	}
}

// TestBurstCostsAtMostTwoWrites: one for what the worker saw of the burst when it began, one for the rest. It is held at its first write until
// all is in the mailbox, so that the burst is one on any machine.
func TestBurstCostsAtMostTwoWrites(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.calls()
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Wait: hold})
	for i := range 20 {
		change := sandbox.Change{Weight: triage.Int(i % 6)}
		if i%2 == 0 {
			change = sandbox.Change{AddLabels: []string{fmt.Sprintf("label %d", i), "workflow::design"}}
		}
		r.must(nil, r.gitlab.Edit("ann", ref, change))
	}
	ctx, cancel := context.WithTimeout(t.Context(), reachable)
	defer cancel()
	r.must(nil, r.gitlab.AwaitDelivered(ctx))
	close(hold)
	r.settle()
	_, writes := r.calls()
	puts := slices.DeleteFunc(writes, func(w string) bool { return !strings.HasPrefix(w, "PUT issue") })
	if len(puts) > 2 || len(puts) == 0 {
		t.Errorf("20 edits cost %d PUTs: %v", len(puts), puts)
	}
	if i := r.gitlab.Issue(ref); !i.Has("UX") {
		t.Errorf("the burst was not acted on, labels %v", i.Labels)
	}
}

func TestTwinOfASecondWebhookIsDropped(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	r.must(r.gitlab.AddHook(r.project, sandbox.Hook{URL: r.app.URL(), Token: secret}))
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "type::bug", "severity::1", "priority::1"}})
	r.edit("ann", ref, sandbox.Change{Weight: triage.Int(1)})
	var answers []string
	for _, d := range r.gitlab.Deliveries() {
		if d.Action == "open" {
			answers = append(answers, d.Answer)
		}
	}
	slices.Sort(answers)
	if len(answers) != 2 || !strings.Contains(answers[0], "accepted") || !strings.Contains(answers[1], "duplicate") {
		t.Errorf("answers %v: one of the twins is accepted, the other a duplicate", answers)
	}
	if w := r.gitlab.Issue(ref).Weight; w == nil || *w != 2 {
		t.Errorf("weight %v, one extra level is wanted", w)
	}
}

func TestSecurityIssueIsWeighedHigherOnceAndPeopleWin(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "type::bug", "severity::1", "priority::1"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	if w := r.gitlab.Issue(ref).Weight; *w != 3 || !strings.Contains(r.note(ref), "2 → 3: security issues are weighted one level higher.") {
		t.Fatalf("weight %d, note:\n%s", *w, r.note(ref))
	}
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(1)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"security"}})
	if w := r.gitlab.Issue(ref).Weight; *w != 1 || !strings.Contains(r.note(ref), "Weight 1 was set afterwards and stands") {
		t.Errorf("weight %d, note:\n%s", *w, r.note(ref))
	}
}

func TestPersonsRemovalStands(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::design"}, typed...)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
	if r.gitlab.Issue(ref).Has("UX") {
		t.Error("UX is back")
	}
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(4)})
	if note := r.note(ref); !strings.Contains(note, "`design-needs-ux` is suspended here") {
		t.Errorf("the note does not say that the rule rests:\n%s", note)
	}
}

func TestUnlicensedWeightIsReportedOnce(t *testing.T) {
	r := newRig(t, sandbox.Free, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"spike"}, typed...)})
	if note := r.note(ref); !strings.Contains(note, "This GitLab did not keep it") || !strings.Contains(note, "backend-weight::2") {
		t.Fatalf("the note does not tell that the weight was dropped:\n%s", note)
	}
	r.calls()
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("reads %v, writes %v: the dropped weight is not tried again", reads, writes)
	}
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"backend-weight::2"}})
	if note := r.note(ref); !strings.Contains(note, "All set.") {
		t.Errorf("the label is the weight, the note still says:\n%s", note)
	}
}

func TestFreeTierScopesAreKeptExclusive(t *testing.T) {
	r := newRig(t, sandbox.Free, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}})
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"workflow::start"}})
	i := r.gitlab.Issue(ref)
	if i.Has("workflow::refinement") || !i.Has("workflow::start") {
		t.Errorf("labels %v: the one added last stays", i.Labels)
	}
}

func TestWithoutWeightFieldTheLabelIsTheWeight(t *testing.T) {
	r := newRig(t, sandbox.CE, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"spike"}, typed...)})
	if i := r.gitlab.Issue(ref); !i.Has("backend-weight::2") {
		t.Errorf("labels %v, note:\n%s", i.Labels, r.note(ref))
	}
}

func TestOtherTeamsIssueIsLeftAlone(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	r.calls()
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"group::gitaly", "security"}, Weight: triage.Int(2)})
	r.edit("ann", ref, sandbox.Change{Weight: triage.Int(8)})
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("reads %v, writes %v", reads, writes)
	}
	records, err := r.app.Inbox().Records(t.Context(), ref, 1)
	if err != nil || len(records) != 1 || !strings.Contains(string(records[0].Body), "another team") {
		t.Errorf("no reason was kept: %v, %v", records, err)
	}
}

func TestDeletedNoteIsNotWrittenAgainForTheSame(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	note := r.gitlab.Issue(ref).CommentsBy(botName)[0]
	r.must(nil, r.gitlab.DeleteNote("mia", ref, note.ID))
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"workflow::ready for development"}})
	// The type was asked for on the deleted note; the weight is new.
	if text, _, _ := strings.Cut(r.note(ref), "<details>"); !strings.Contains(text, "A weight") || strings.Contains(text, "A type label") {
		t.Errorf("the new note says:\n%s", text)
	}
}

func TestReminderWaitsForTheGracePeriodAlsoOverARestart(t *testing.T) {
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Grace = 1500 * time.Millisecond })
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	if note := r.note(ref); note != "" {
		t.Fatalf("the bot reminds at once:\n%s", note)
	}
	r.restart()
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) > 0 }))
	if note := r.note(ref); !strings.Contains(note, "A type label") {
		t.Errorf("the note says:\n%s", note)
	}
}

func TestNobodyIsNotifiedTwice(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	for _, w := range []int{5, 3, 6, 5} {
		r.edit("omar", ref, sandbox.Change{Weight: triage.Int(w)})
	}
	notices := r.gitlab.Notifications()
	if len(notices) != 1 || notices[0].User != "mia" {
		t.Errorf("notices %v: the engineering manager is told once", notices)
	}
}

// TestSecondQuestionNotifiesAgain: a person whom the note mentions already is told of the next thing that is asked of them.
func TestSecondQuestionNotifiesAgain(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::refinement", "type::feature"}, Assignees: []string{"omar"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	if n := len(r.gitlab.Notifications()); n != 1 {
		t.Fatalf("%d notices that the issue is too large", n)
	}
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(3)})
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"workflow::needs issue review"}})
	if n := len(r.gitlab.Notifications()); n != 2 {
		t.Errorf("%d notices, the agreement is a new question; note:\n%s", n, r.note(ref))
	}
}

// TestHostileTitleAndLabels: nothing that people write makes the bot's note do anything.
func TestHostileTitleAndLabels(t *testing.T) {
	r := newRig(t, sandbox.Free, nil)
	hostile := []string{"x::@mia /close", "x::--> <img src=x>", "Spike", "`/close` @ann"}
	ref := r.open(sandbox.IssueOptions{Title: "@mia\n/close\n-->", Labels: hostile, Weight: nil})
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"spike", "/close"}})
	if i := r.gitlab.Issue(ref); i.State != "opened" {
		t.Errorf("the issue was closed by the bot's note:\n%s", r.note(ref))
	}
	if notices := r.gitlab.Notifications(); len(notices) > 0 {
		t.Errorf("people were notified: %v", notices)
	}
}
