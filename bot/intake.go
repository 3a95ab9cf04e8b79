package bot

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"flowkeeper/bot/command"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

// intake puts the receiver's deliveries into the inbox, all but those nobody would ever act on.
type intake struct {
	inbox   mailbox
	mu      sync.Mutex // held by whoever replaces what follows
	manners atomic.Pointer[manners]
	self    atomic.Pointer[triage.Person] // nil until GitLab has told who the bot is
}

// manners are how deliveries are taken. They are replaced as a whole.
type manners struct {
	settle time.Duration
	prefix string // of commands
	reader *command.Reader
}

// follow takes deliveries in another manner from now on.
func (i *intake) follow(settle time.Duration, prefix string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	name := ""
	if self := i.self.Load(); self != nil {
		name = self.Username
	}
	i.manners.Store(&manners{settle, prefix, command.New(prefix, name)})
}

// know takes in who the bot is, which GitLab has told.
func (i *intake) know(self triage.Person) {
	i.mu.Lock()
	defer i.mu.Unlock()
	m := *i.manners.Load()
	m.reader = command.New(m.prefix, self.Username)
	i.manners.Store(&m)
	i.self.Store(&self)
}

// commands reports whether a comment may hold commands. Until the bot knows its name, any that mentions somebody may.
func (m *manners) commands(self *triage.Person, text string) bool {
	return self == nil && strings.Contains(text, "@") || len(m.reader.Read(text)) > 0
}

// mailbox takes deliveries.
type mailbox interface {
	Accept(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
}

func (i *intake) Receive(ctx context.Context, d webhook.Delivery) (webhook.Answer, error) {
	e := &d.Event
	self := i.self.Load() // before the manners, which know its name then
	m := i.manners.Load()
	switch {
	case self != nil && e.Actor.ID == self.ID:
		return drop("own", "the bot's own change"), nil
	case e.Note != nil && e.Note.Edited:
		return drop("edited", "edited comments are not read again"), nil
	case e.Emoji != nil && !triage.IsThumbsup(e.Emoji.Name):
		return drop("emoji", "only a thumbsup means something to the rules"), nil
	}
	delay := m.settle
	if e.Note != nil {
		switch {
		case e.Actor.IsSupportBot():
			e.Note.Text = "" // a customer's mail
		case m.commands(self, e.Note.Text):
			delay = inbox.Ahead // somebody waits for it
		case !triage.IsAgreement(e.Note.Text):
			e.Note.Text = "" // nobody looks at it
		}
	}
	body, err := record.Event{Event: *e, Issue: d.Issue}.Encode()
	if err != nil {
		return webhook.Answer{}, err
	}
	outcome, err := i.inbox.Accept(ctx, inbox.Delivery{
		ID: d.ID, Issue: d.Issue.Ref, Key: d.Key, Meaning: d.Meaning, Delay: delay, Body: body,
	})
	switch {
	case err != nil:
		return webhook.Answer{}, fmt.Errorf("keeping a delivery for %s: %w", d.Issue.Ref, err)
	case outcome == inbox.Duplicate:
		return webhook.Answer{Status: webhook.Duplicate, Reason: "it was delivered before", Class: "duplicate"}, nil
	}
	return webhook.Answer{Status: webhook.Accepted, Class: "accepted"}, nil
}

func drop(class, reason string) webhook.Answer {
	return webhook.Answer{Status: webhook.Dropped, Reason: reason, Class: class}
}
