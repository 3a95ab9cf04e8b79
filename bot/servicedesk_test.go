package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

const customer = "eve@shop.example"

// desk is a rig whose project has a Service Desk.
func desk(t *testing.T, edition sandbox.Edition) *rig {
	t.Helper()
	r := newRig(t, edition, nil)
	r.must(nil, r.gitlab.AddServiceDesk(r.project))
	return r
}

// request opens a ticket: the customer has written a mail.
func (r *rig) request(title string) triage.Ref {
	r.Helper()
	ref, err := r.gitlab.OpenTicket(customer, r.project, title, "Hello")
	r.must(nil, err)
	r.settle()
	return ref
}

// mailed fails unless exactly these texts were mailed to people outside.
func (r *rig) mailed(want ...string) {
	r.Helper()
	var got []string
	for _, m := range r.gitlab.Mails() {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, want) {
		r.Errorf("people outside got %q, want %q", got, want)
	}
}

// secludes fails unless the bot has one note, an internal one, among comments that nobody outside reads.
func (r *rig) secludes(ref triage.Ref, words string) sandbox.Note {
	r.Helper()
	var internal []sandbox.Note
	for _, n := range r.notesBy(botName, ref) {
		if n.Internal {
			internal = append(internal, n)
		}
	}
	if len(internal) != 1 || !strings.Contains(internal[0].Text, words) {
		r.Fatalf("internal notes %+v, want one with %q", internal, words)
	}
	return internal[0]
}

// TestTicket: whatever the bot says about a customer's ticket is internal, and the customer commands nothing.
func TestTicket(t *testing.T) {
	t.Parallel()
	r := desk(t, sandbox.Premium)
	ref := r.request("Cannot log in")
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	note := r.secludes(ref, "**Research**")
	r.mailed()

	for _, mail := range []string{"/flow why", "/flow weight 1", "@" + botName + " help", "/flow ignore all we are busy", "+1"} {
		id, err := r.gitlab.ReplyByMail(customer, ref, mail)
		r.must(nil, err)
		r.settle()
		if reactions, replies := r.answer(ref, id); len(reactions)+len(replies) > 0 {
			t.Errorf("%s by mail was answered: %v %v", mail, reactions, replies)
		}
	}
	if notes := r.gitlab.Issue(ref).CommentsBy(botName); len(notes) != 1 {
		t.Errorf("%d comments by the bot, want its note", len(notes))
	}

	id := r.say("omar", ref, "/flow why")
	reactions, replies := r.answer(ref, id)
	if len(reactions)+len(replies) > 0 {
		t.Errorf("a public thread was answered: %v %v", reactions, replies)
	}
	comments := r.gitlab.Issue(ref).CommentsBy(botName)
	if reply := comments[len(comments)-1]; !reply.Internal || !strings.Contains(reply.Text, fmt.Sprintf("#note_%d)", id)) || !strings.Contains(reply.Text, "`weight-research`") {
		t.Errorf("the reply: %+v", reply)
	}
	inside, err := r.gitlab.CommentInternally("omar", ref, "/flow help")
	r.must(nil, err)
	r.settle()
	if _, replies := r.answer(ref, inside); len(replies) != 1 || !replies[0].Internal {
		t.Errorf("an internal thread: %v", replies)
	}
	r.done(ref, r.say("omar", ref, "/flow weight 3"))
	if again := r.secludes(ref, "~~Research~~"); again.ID != note.ID {
		t.Error("there is another note")
	}
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	if again := r.secludes(ref, "**Research**"); again.ID != note.ID {
		t.Error("the note was not found again")
	}
	r.mailed("/flow why", "/flow weight 3") // of people
	r.alive()
}

// TestCustomersMailIsNotCaughtUp: a command that GitLab did not deliver is found by a sweep, and a customer's is not read then either.
func TestCustomersMailIsNotCaughtUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Schedule.Every, o.Schedule.Projects = time.Hour, []string{"team/project"} })
	r.must(nil, r.gitlab.AddServiceDesk(r.project))
	ref := r.request("Cannot log in")
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	theirs, err := r.gitlab.ReplyByMail(customer, ref, "/flow weight 1")
	r.must(nil, err)
	ours, err := r.gitlab.Comment("omar", ref, "/flow next")
	r.must(nil, err)
	r.restart() // which sweeps
	r.must(nil, r.await(func() bool {
		reactions, _ := r.answer(ref, ours)
		return len(reactions) > 0
	}))
	r.settle()
	if reactions, replies := r.answer(ref, theirs); len(reactions)+len(replies) > 0 || r.gitlab.Issue(ref).Weight != nil {
		t.Errorf("the customer's: %v %v", reactions, replies)
	}
}

// TestIssueBecomesATicket: what the public note said stays inside from then on. Older versions leave the type as it is.
func TestIssueBecomesATicket(t *testing.T) {
	t.Parallel()
	for name, edition := range map[string]sandbox.Edition{"type": sandbox.Premium, "author only": sandbox.Free} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := desk(t, edition)
			r.request("the support bot is there")
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug", "severity::1", "priority::1", "workflow::start"}})
			public := r.noteID(ref)
			if !strings.Contains(r.note(ref), "@mia") {
				t.Fatalf("nobody is asked:\n%s", r.note(ref))
			}
			notices := len(r.gitlab.Notifications())
			r.say("omar", ref, "/convert_to_ticket "+customer)
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"regression"}})
			r.secludes(ref, "**A version**")
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"quick win"}})
			r.secludes(ref, "**An invitation**")
			for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
				if !n.Internal && (n.ID != public || !strings.HasPrefix(n.Text, "My notes on this issue are internal from here on.") || strings.Contains(n.Text, "version")) {
					t.Errorf("public:\n%s", n.Text)
				}
			}
			r.loseStore()
			r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"quick win"}})
			r.secludes(ref, "**A version**")
			if got := r.gitlab.Notifications()[notices:]; len(got) > 0 {
				t.Errorf("somebody was mentioned again: %v", got)
			}
			r.mailed()
			r.alive()
		})
	}
}

// TestOthersByMail: an issue that a person opened has readers outside once somebody added an address.
func TestOthersByMail(t *testing.T) {
	t.Parallel()
	r := desk(t, sandbox.Premium)
	ref := r.open(planned)
	r.say("omar", ref, "/add_email "+customer)
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	r.secludes(ref, "**Research**")
	r.say("omar", ref, "/flow to nowhere")
	r.mailed("/flow to nowhere")

	known := r.open(planned)
	r.edit("omar", known, sandbox.Change{Weight: triage.Int(5)})
	if notes := r.notesBy(botName, known); len(notes) != 1 || notes[0].Internal {
		t.Errorf("nobody outside reads this: %+v", notes)
	}
	r.say("omar", known, "/add_email "+customer)
	r.edit("omar", known, sandbox.Change{Weight: triage.Int(6)}) // an edit is not mailed
	r.mailed("/flow to nowhere")
}

// TestGuestSaysNothingOutside: GitLab would make a guest's internal note public, so there is none.
func TestGuestSaysNothingOutside(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Worker.Attempts = 2 })
	r.must(nil, r.gitlab.AddServiceDesk(r.project))
	r.must(r.gitlab.AddUser(botName, "Flowkeeper", sandbox.Guest))
	ref := r.request("Cannot log in")
	r.say("omar", ref, "/flow help")
	if notes := r.gitlab.Issue(ref).CommentsBy(botName); len(notes) > 0 {
		t.Errorf("comments %+v", notes)
	}
	r.mailed("/flow help")
}

// TestFollowUpOfATicket: its title may be the customer's words.
func TestFollowUpOfATicket(t *testing.T) {
	t.Parallel()
	r := desk(t, sandbox.Premium)
	ref := r.request("Cannot log in as eve")
	open := false
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"spike"}, Confidential: &open})
	r.say("omar", ref, "/flow spike done")
	issues := r.gitlab.Issues(r.project)
	if last := issues[len(issues)-1]; len(issues) != 2 || !last.Confidential {
		t.Errorf("%+v", issues)
	}
	r.mailed("/flow spike done")
}
