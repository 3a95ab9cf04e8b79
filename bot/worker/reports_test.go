package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/report"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

// wakingReport is a report on every issue, to be looked at once more in a moment.
type wakingReport struct {
	worker.Reports

	looks atomic.Int64
}

func (*wakingReport) Find(_ context.Context, ref triage.Ref) (report.Entry, bool, error) {
	return report.Entry{Ref: ref}, true, nil
}

func (*wakingReport) Touched(context.Context, string, bool, bool) error { return nil }

func (w *wakingReport) Refresh(context.Context, report.Request) (report.Result, error) {
	if w.looks.Add(1) == 1 {
		return report.Result{WakeAt: time.Now().Add(time.Millisecond)}, nil
	}
	return report.Result{}, nil
}

// completions notes when issues are to be looked at again.
type completions struct {
	inbox.Inbox

	wakeAt atomic.Pointer[time.Time]
}

func (c *completions) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	c.wakeAt.Store(&r.WakeAt)
	return c.Inbox.Complete(ctx, b, r)
}

// TestReportWakesOnce: a wake-up that is over is not set again, which would have the worker look at the issue without end.
func TestReportWakesOnce(t *testing.T) {
	var store completions
	b := startBench(t, setup{
		reports: &wakingReport{},
		store:   func(in inbox.Inbox) inbox.Inbox { store.Inbox = in; return &store },
	})
	ref := b.open()
	body, err := record.Event{Event: triage.Event{Kind: triage.ReportDue, At: time.Now(), ReceivedAt: time.Now()}, Issue: triage.Issue{Ref: ref}}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body, Delay: time.Hour})
	b.must(err)
	b.tell(ref, b.opened(ref))
	if at := store.wakeAt.Load(); at.IsZero() {
		t.Fatal("the issue is not looked at again")
	}
	b.finish()
	if at := store.wakeAt.Load(); !at.IsZero() {
		t.Errorf("it was looked at again, and is to be once more at %s", at)
	}
}
