package inboxtest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// body is about as large as a reduced event.
var body = make([]byte, 600)

// Bench measures a store: enqueues per second from 1, 16 and 64 goroutines, and a claim with its Complete.
func Bench(b *testing.B, open func(b *testing.B) inbox.Inbox) {
	for _, clients := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("Enqueue/clients=%d", clients), func(b *testing.B) { benchEnqueue(b, open(b), clients) })
	}
	b.Run("ClaimDone", func(b *testing.B) { benchClaimDone(b, open(b)) })
}

// benchEnqueue spreads distinct deliveries over 1,000 issues.
func benchEnqueue(b *testing.B, in inbox.Inbox, clients int) {
	var next atomic.Int64
	var group sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	defer reportCPU(b, testkit.CPUTime())
	for range clients {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if _, err := in.Enqueue(b.Context(), benchDelivery(n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepts/s")
}

// benchClaimDone handles one delivery of each of b.N issues, alone.
func benchClaimDone(b *testing.B, in inbox.Inbox) {
	var group sync.WaitGroup
	var next atomic.Int64
	for range 64 {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				d := benchDelivery(n)
				d.Issue.IID = n
				if _, err := in.Enqueue(b.Context(), d); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportAllocs()
	b.ResetTimer()
	defer reportCPU(b, testkit.CPUTime())
	for range b.N {
		if err := claimDone(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

// reportCPU adds what an operation cost this process since then. It swings less than times do on a machine that does something else, too.
func reportCPU(b *testing.B, then time.Duration) {
	b.ReportMetric(float64((testkit.CPUTime()-then).Microseconds())/float64(b.N), "CPU-µs/op")
}

func claimDone(ctx context.Context, in inbox.Inbox) error {
	batch, err := in.Claim(ctx, 0)
	if err != nil || batch == nil {
		return fmt.Errorf("claiming: got %v, %w", batch, err)
	}
	return in.Complete(ctx, batch, inbox.Result{Memory: body[:200], Record: body[:400]})
}

func benchDelivery(n int64) inbox.Delivery {
	name := strconv.FormatInt(n, 10)
	return inbox.Delivery{
		ID: name, IdempotencyKey: "key " + name, ContentKey: "meaning " + name,
		Issue: triage.Ref{Project: 1, IID: n%1000 + 1}, Body: body,
	}
}
