package inboxtest

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// most bounds what a store is filled with. A million takes minutes.
var most = flag.Int("most", 100_000, "with how many waiting or remembered issues the slopes of a store are measured, at most: 1000000 for all")

// Slopes measures what a store takes for the same when it holds more and more: what a scrape of the metrics asks, and a delivery from its
// coming to its end. Steps of ten in what it holds should not show.
func Slopes(b *testing.B, open func(b *testing.B) inbox.Inbox) {
	fill := map[string]func(context.Context, inbox.Inbox, int) error{"waiting": enqueueOne, "remembered": handleOne, "dead": deadLetterOne}
	for _, what := range []string{"waiting", "remembered", "dead"} {
		for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
			if n > *most {
				continue
			}
			b.Run(fmt.Sprintf("%s=%d", what, n), func(b *testing.B) {
				in := open(b)
				fillWith(b, in, n, fill[what])
				b.Run("Stats", func(b *testing.B) {
					defer reportCPU(b, testkit.CPUTime())
					for range b.N {
						if _, err := in.Stats(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run("Delivery", func(b *testing.B) {
					defer reportCPU(b, testkit.CPUTime())
					for k := range b.N {
						if err := handleOne(b.Context(), in, n+k%n); err != nil {
							b.Fatal(err)
						}
					}
				})
			})
		}
	}
	for _, n := range []int{1, 10, 100, 1_000} {
		b.Run(fmt.Sprintf("deliveries of one issue=%d", n), func(b *testing.B) {
			in := open(b)
			for range b.N {
				b.StopTimer()
				fillWith(b, in, n, func(ctx context.Context, in inbox.Inbox, _ int) error {
					_, err := in.Enqueue(ctx, inbox.Delivery{Issue: issue(1), Body: body})
					return err
				})
				b.StartTimer()
				if err := claimDone(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/delivery")
		})
	}
}

// fillWith does something for issues 0 to n-1, many at a time.
func fillWith(b *testing.B, in inbox.Inbox, n int, do func(context.Context, inbox.Inbox, int) error) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for k := next.Add(1); k <= int64(n) && !b.Failed(); k = next.Add(1) {
				if err := do(b.Context(), in, int(k-1)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

// enqueueOne has a delivery wait for an issue.
func enqueueOne(ctx context.Context, in inbox.Inbox, n int) error {
	_, err := in.Enqueue(ctx, inbox.Delivery{Issue: triage.Ref{Project: 1 + int64(n%100), IID: 1 + int64(n/100)}, Body: body})
	return err
}

// handleOne handles a delivery of an issue, which is remembered then, or whichever waits for longer.
func handleOne(ctx context.Context, in inbox.Inbox, n int) error {
	if err := enqueueOne(ctx, in, n); err != nil {
		return err
	}
	return claimDone(ctx, in)
}

// deadLetterOne makes a dead letter of an issue.
func deadLetterOne(ctx context.Context, in inbox.Inbox, n int) error {
	if err := enqueueOne(ctx, in, n); err != nil {
		return err
	}
	batch, err := in.Claim(ctx, 0)
	if err != nil || batch == nil {
		return fmt.Errorf("claiming: got %v, %w", batch, err)
	}
	return in.DeadLetter(ctx, batch, "given up", body)
}
