package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Touched has the open reports brought up to date that may hold an issue which changed. enters says that the issue may have come to another
// milestone, hides that it became confidential: then all are looked at, since one with a ticked box is shown, too.
func (p *Publisher) Touched(ctx context.Context, url string, enters, hides bool) error {
	task, of := Update, p.Holding
	if hides {
		task, of = Hide, func(ctx context.Context, _ string, _ bool) ([]Entry, error) { return p.recentEntries(ctx) }
	}
	reports, err := of(ctx, url, enters)
	if err != nil {
		return err
	}
	for _, e := range reports {
		if err := p.enqueue(ctx, e.Ref, task, p.schedule().Settle, ""); err != nil {
			return err
		}
	}
	return nil
}

// EditHolding has the open planning and needs-weight reports changed that may hold an issue, as commands on that issue want it. It returns how
// many there are, without those that people broke.
func (p *Publisher) EditHolding(ctx context.Context, url string, edits []triage.ReportEdit) (int, error) {
	reports, err := p.Holding(ctx, url, false)
	if err != nil {
		return 0, err
	}
	reports = slices.DeleteFunc(reports, func(e Entry) bool { return e.Kind != planning.KindPlanning && e.Kind != planning.KindNeedsWeight })
	reached := 0
	for _, e := range reports {
		broken, err := p.Broken(ctx, e.Ref)
		if err != nil {
			return 0, err
		}
		if broken != "" {
			continue
		}
		reached++
		if err := p.send(ctx, e.Ref, record.Event{Task: string(Update), Edits: edits}, p.schedule().Settle, ""); err != nil {
			return 0, err
		}
	}
	return reached, nil
}

// enqueue has the worker look at the issue of a report. A second one with the same key, if there is one, is a duplicate.
func (p *Publisher) enqueue(ctx context.Context, ref triage.Ref, task Task, delay time.Duration, key string) error {
	return p.send(ctx, ref, record.Event{Task: string(task)}, delay, key)
}

// send puts what is to be done into the mailbox of the issue.
func (p *Publisher) send(ctx context.Context, ref triage.Ref, e record.Event, delay time.Duration, key string) error {
	now := p.o.Now()
	e.Event, e.Issue = triage.Event{Kind: triage.ReportDue, At: now, ReceivedAt: now}, triage.Issue{Ref: ref}
	body, err := e.Encode()
	if err != nil {
		return err
	}
	if _, err := p.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: ref, IdempotencyKey: key, Delay: delay, Body: body}); err != nil {
		return fmt.Errorf("having the report %s brought up to date: %w", ref, err)
	}
	return nil
}
