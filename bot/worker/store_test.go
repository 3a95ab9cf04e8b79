package worker_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

// away is a store of which one operation does not answer as often as there is something in left.
type away struct {
	inbox.Inbox
	op   string
	left chan struct{}
}

func (a away) CheckLease(ctx context.Context, b *inbox.Batch) error {
	if err := a.fail("holds"); err != nil {
		return err
	}
	return a.Inbox.CheckLease(ctx, b)
}

// unlimited is the same of the coordination.
type unlimited struct {
	worker.Coordination
	away
}

func (u unlimited) RateLimit(ctx context.Context, use coordination.Use) (coordination.Permit, error) {
	if err := u.fail("rate limit"); err != nil {
		return coordination.Permit{}, err
	}
	return u.Coordination.RateLimit(ctx, use)
}

func (a away) fail(op string) error {
	if op != a.op {
		return nil
	}
	select {
	case <-a.left:
		return fmt.Errorf("asking the store: %w", inbox.ErrUnavailable)
	default:
		return nil
	}
}

// ping is a command that notes the comments in which it ran.
func ping(ran *[]int64) triage.Command {
	return triage.Command{Name: "ping", Summary: "s", Section: "s", Who: triage.Anyone, Run: func(_ triage.Input, c triage.Call) triage.Outcome {
		*ran = append(*ran, c.Note)
		return triage.Did("pings")
	}}
}

// TestStoreTroubleBuriesNothing: that the store does not answer is no fault of the issue, however often it is.
func TestStoreTroubleBuriesNothing(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"holds", "rate limit"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			const more = 4 // than a batch may fail for other reasons
			left := make(chan struct{}, more)
			for range more {
				left <- struct{}{}
			}
			var ran []int64
			b := startBench(t, setup{
				commands:     []triage.Command{ping(&ran)},
				store:        func(s inbox.Inbox) inbox.Inbox { return away{s, op, left} },
				coordination: func(c worker.Coordination) worker.Coordination { return unlimited{c, away{nil, op, left}} },
			})
			ref := b.open()
			e := b.event("mia", triage.Noted)
			e.Note = &triage.Note{ID: b.comment("mia", ref, "/flow ping"), Text: "/flow ping"}
			b.tell(ref, e)
			dead, err := b.inbox.DeadLetters(t.Context(), 10)
			b.must(err)
			for _, l := range dead {
				t.Errorf("buried: %+v", l.Cause)
			}
			if len(left) > 0 {
				t.Errorf("the store was asked too seldom: %d", len(left))
			}
		})
	}
}

// TestMissedBeforeDelivered: of two comments in a batch the older one runs first, whichever was delivered.
func TestMissedBeforeDelivered(t *testing.T) {
	t.Parallel()
	var ran []int64
	b := startBench(t, setup{commands: []triage.Command{ping(&ran)}, lookback: time.Hour})
	ref := b.open()
	b.ahead.Store(int64(-10 * time.Second))
	one := b.comment("omar", ref, "/flow ping")
	b.ahead.Store(0)
	two := b.comment("mia", ref, "/flow ping")
	e := b.event("mia", triage.Noted)
	e.Note = &triage.Note{ID: two, Text: "/flow ping"}
	e.At = time.Now().Truncate(time.Second)
	b.tell(ref, e, triage.Event{Kind: triage.Swept})
	if want := []int64{one, two}; !slices.Equal(slices.Compact(ran), want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
}
