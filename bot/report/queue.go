package report

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// Touched has the open reports brought up to date that may hold an issue which changed. enters says that the issue may have come to another
// milestone.
func (p *Publisher) Touched(ctx context.Context, url string, enters bool) error {
	reports, err := p.Holding(ctx, url, enters)
	if err != nil {
		return err
	}
	for _, e := range reports {
		if err := p.enqueue(ctx, e.Ref, Update, p.o.Schedule.Settle, ""); err != nil {
			return err
		}
	}
	return nil
}

// enqueue has the worker look at the issue of a report. A second one with the same key, if there is one, is a duplicate.
func (p *Publisher) enqueue(ctx context.Context, ref triage.Ref, task Task, delay time.Duration, key string) error {
	now := p.o.Now()
	body, err := record.Event{Event: triage.Event{Kind: triage.ReportDue, At: now, ReceivedAt: now}, Issue: triage.Issue{Ref: ref}, Task: string(task)}.Encode()
	if err != nil {
		return err
	}
	if _, err := p.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: ref, IdempotencyKey: key, Delay: delay, Body: body}); err != nil {
		return fmt.Errorf("having the report %s brought up to date: %w", ref, err)
	}
	return nil
}
