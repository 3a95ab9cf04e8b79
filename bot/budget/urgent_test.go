package budget_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/budget"
)

// While ordinary work waits in thousands, what somebody waits for is let through at once, on the same replica and on another.
func TestUrgentComesFirst(t *testing.T) {
	for name, note := range map[string]bool{"calls": false, "notes": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				o := budget.Options{Store: s}
				busy, other := newBudget(t, o), newBudget(t, o)
				ctx, cancel := context.WithCancel(t.Context())
				var p passes
				var done sync.WaitGroup
				done.Go(func() { flood(ctx, 5000, busy, note, &p) })
				pass(time.Minute)
				urgent := budget.Urgent(t.Context())
				for who, b := range map[string]*budget.Budget{"the same": busy, "another": other} {
					if got := took(t, urgent, b, note); got > 10*time.Millisecond {
						t.Errorf("%s replica waited %s", who, got)
					}
				}
				cancel()
				done.Wait()
			})
		})
	}
}

// Urgent work that needs more than the reserve gets nine in ten of all that comes in, and ordinary work the others.
func TestUrgentTakesPrecedence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(t, budget.Options{Store: newStore(), PerMinute: 600})
		ctx := ends(t, 3*time.Minute)
		var low, high passes
		var done sync.WaitGroup
		done.Go(func() { flood(ctx, 10, b, false, &low) })
		pass(time.Minute)
		before := low.count()
		urgent, cancel := context.WithTimeout(budget.Urgent(ctx), time.Minute)
		defer cancel()
		flood(urgent, 10, b, false, &high)
		if got := high.count(); got < 550 {
			t.Errorf("%d urgent calls in a minute, want nine in ten of 600 and the reserve", got)
		}
		during := low.count() - before
		if during > 65 {
			t.Errorf("%d ordinary calls meanwhile, want one in ten", during)
		}
		done.Wait()
		if got := low.count() - before - during; got < 550 {
			t.Errorf("%d ordinary calls in the minute after, want about 600", got)
		}
	})
}

// The promise: while six replicas handle a flood of events, each of which wants to write a comment, a command is answered within five seconds
// by a GitLab that takes 50 ms for each call.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, answer = 8, 50 * time.Millisecond
		s := newStore()
		ctx, cancel := context.WithCancel(t.Context())
		handle := func(ctx context.Context, b *budget.Budget, notes ...bool) error {
			for _, note := range notes {
				if err := b.Wait(ctx, note); err != nil {
					return err
				}
				<-time.After(answer)
			}
			return nil
		}
		var replicas [6]*budget.Budget
		var done sync.WaitGroup
		for i := range replicas {
			b := newBudget(t, budget.Options{Store: s})
			replicas[i] = b
			for range workers {
				done.Go(func() {
					for handle(ctx, b, false, false, true) == nil {
						continue
					}
				})
			}
		}
		for n := range 30 {
			pass(20 * time.Second)
			began := time.Now()
			if err := handle(budget.Urgent(ctx), replicas[n%len(replicas)], false, false, false, false, false, false, true, false); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(began); got > 5*time.Second {
				t.Errorf("command %d was answered after %s", n, got)
			}
		}
		cancel()
		done.Wait()
	})
}
