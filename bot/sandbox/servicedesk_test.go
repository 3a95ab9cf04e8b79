package sandbox_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

// TestServiceDesk: who takes part by mail gets every public comment of others, no internal one and no edit.
func TestServiceDesk(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.fine(l.AddServiceDesk(l.project))
	ref, err := l.OpenTicket("eve@shop.example", l.project, "Cannot log in", "Hello")
	l.fine(err)
	if i := l.Issue(ref); i.Type != "Ticket" || !i.Confidential || i.Author != "support-bot" {
		t.Errorf("%+v", i)
	}
	first, err := l.Comment("maria", ref, "Which browser?")
	l.fine(err)
	l.fine(l.EditNote("maria", ref, first, "Which browser, please?"))
	_, err = l.CommentInternally("maria", ref, "Known problem")
	l.fine(err)
	_, err = l.ReplyByMail("eve@shop.example", ref, "The blue one")
	l.fine(err)
	_, err = l.Comment("maria", ref, "/add_email kim@shop.example")
	l.fine(err)
	_, err = l.Comment("maria", ref, "Thanks")
	l.fine(err)
	var got []string
	for _, m := range l.Mails() {
		got = append(got, m.To+" "+m.Text)
	}
	want := "eve@shop.example Which browser?|eve@shop.example Thanks|kim@shop.example Thanks"
	if strings.Join(got, "|") != want {
		t.Errorf("mails %q, want %s", got, want)
	}
}

func TestConvertToTicket(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.fine(l.AddServiceDesk(l.project))
	other, err := l.OpenTicket("eve@shop.example", l.project, "Other", "")
	l.fine(err)
	ref := l.open(sandbox.IssueOptions{Title: "A bug"})
	_, err = l.Comment("maria", ref, "/convert_to_ticket kim@shop.example")
	l.fine(err)
	if i := l.Issue(ref); i.Type != "Ticket" || !i.Confidential || i.Author != l.Issue(other).Author {
		t.Errorf("%+v", i)
	}
}

// TestInternalNoteOfAGuest: GitLab makes it public without a word.
func TestInternalNoteOfAGuest(t *testing.T) {
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Guest})
	ref := l.open(sandbox.IssueOptions{})
	l.must("POST", "/projects/1/issues/1/notes", `{"body": "secret", "internal": true}`)
	if notes := l.Issue(ref).Comments(); len(notes) != 1 || notes[0].Internal {
		t.Errorf("%+v", notes)
	}
}

func (l *lab) fine(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}
