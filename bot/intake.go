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
	"flowkeeper/bot/tracing"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// intake puts the receiver's deliveries into the inbox. It drops those that nobody would ever act on.
type intake struct {
	inbox  queue
	mu     sync.Mutex // held by whoever replaces what follows
	config atomic.Pointer[intakeConfig]
	self   atomic.Pointer[triage.Person] // nil until GitLab has told who the bot is
}

// queue takes deliveries.
type queue interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
}

// intakeConfig is how deliveries are taken. It is replaced as a whole.
type intakeConfig struct {
	settle        time.Duration
	prefix        string // of commands
	reader        *command.Reader
	mergeRequests bool // some rule looks at merge requests
	onThem        bool // some rule looks at what people write on them
}

// setConfig takes deliveries in another way from now on.
func (i *intake) setConfig(p engine.Policy) {
	i.mu.Lock()
	defer i.mu.Unlock()
	name := ""
	if self := i.self.Load(); self != nil {
		name = self.Username
	}
	prefix := p.Team.CommandPrefix()
	i.config.Store(&intakeConfig{p.Settle, prefix, command.New(prefix, name), p.LooksAtMergeRequests(), p.HearsMergeRequests(triage.Noted)})
}

// setSelf takes in who the bot is, which GitLab has told.
func (i *intake) setSelf(self triage.Person) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := *i.config.Load()
	c.reader = command.New(c.prefix, self.Username)
	i.config.Store(&c)
	i.self.Store(&self)
}

func (i *intake) Receive(ctx context.Context, d webhook.Delivery) (webhook.Answer, error) {
	self := i.self.Load() // before the configuration, which knows its name then
	config := i.config.Load()
	class, reason := ignoredReason(d.Event, self)
	if class == "" && d.Issue.Kind == triage.SubjectMergeRequest && !config.mergeRequests {
		class, reason = "merge_request", "no rule looks at merge requests"
	}
	if class == "" && d.Issue.Kind == triage.SubjectMergeRequest && d.Event.Kind == triage.Noted && !config.onThem {
		class, reason = "merge_request", "no rule looks at what people write on merge requests"
	}
	if class != "" {
		return webhook.Answer{Status: webhook.Dropped, Reason: reason, Class: class}, nil
	}
	event, delay := config.reduce(d, self)
	event.TraceParent = tracing.Parent(ctx)
	body, err := event.Encode()
	if err != nil {
		return webhook.Answer{}, err
	}
	outcome, err := i.inbox.Enqueue(ctx, inbox.Delivery{ID: d.ID, Issue: d.Issue.Ref, IdempotencyKey: d.IdempotencyKey, ContentKey: d.ContentKey, Delay: delay, Body: body})
	switch {
	case err != nil:
		return webhook.Answer{}, fmt.Errorf("keeping a delivery for %s: %w", d.Issue.Ref, err)
	case outcome == inbox.Duplicate:
		return webhook.Answer{Status: webhook.Duplicate, Reason: "it was delivered before", Class: "duplicate"}, nil
	}
	return webhook.Answer{Status: webhook.Accepted, Class: "accepted"}, nil
}

// ignoredReason says why nobody would act on an event, "" if somebody might. Class is the reason as a metric label.
func ignoredReason(e triage.Event, self *triage.Person) (class, reason string) {
	switch {
	case self != nil && e.Actor.ID == self.ID:
		return "own", "the bot's own change"
	case e.Note != nil && e.Note.Edited:
		return "edited", "edited comments are not read again"
	case e.Emoji != nil && !triage.IsThumbsup(e.Emoji.Name):
		return "emoji", "only a thumbsup means something to the rules"
	}
	return "", ""
}

// reduce is the part of a delivery that is stored, and how long its issue may wait for further ones. The text of a comment is stored only if
// somebody will read it.
func (c *intakeConfig) reduce(d webhook.Delivery, self *triage.Person) (record.Event, time.Duration) {
	kept, delay := record.Event{Event: d.Event, Issue: d.Issue}, c.settle
	if d.Event.Note == nil {
		return kept, delay
	}
	note := *d.Event.Note
	kept.Event.Note = &note
	switch {
	case d.Event.Actor.IsSupportBot():
		note.Text = "" // a customer's mail
	case c.mayCommand(note.Text, self):
		delay = inbox.Priority // somebody waits for it
	case !triage.IsAgreement(note.Text):
		note.Text = "" // nobody looks at it
	}
	return kept, delay
}

// mayCommand reports whether a comment may hold commands. Until the bot knows its name, any that mentions somebody may.
func (c *intakeConfig) mayCommand(text string, self *triage.Person) bool {
	return self == nil && strings.Contains(text, "@") || len(c.reader.Read(text)) > 0
}
