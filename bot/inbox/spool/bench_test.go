package spool_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// none is an inbox that does nothing.
type none struct{ err error }

func (n none) Enqueue(context.Context, inbox.Delivery) (inbox.Outcome, error) {
	return inbox.Stored, n.err
}

// Benchmark measures what the spool costs while the inbox answers, against the inbox alone, and how much it takes while the inbox is away:
// with real syncs, so run it on the disk that is asked about, with TMPDIR.
func Benchmark(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("Alone/clients=%d", clients), func(b *testing.B) { bench(b, none{}, clients) })
		b.Run(fmt.Sprintf("Direct/clients=%d", clients), func(b *testing.B) { bench(b, open(b, none{}, 0), clients) })
		b.Run(fmt.Sprintf("Spooled/clients=%d", clients), func(b *testing.B) {
			bench(b, open(b, none{inbox.ErrUnavailable}, 0), clients)
		})
	}
	b.Run("Drained", benchDrained)
}

func open(b *testing.B, in spool.Enqueuer, probe time.Duration) *spool.Spool {
	s, err := spool.Open(spool.Options{Inbox: in, Dir: b.TempDir(), Max: 1 << 40, MaxBytes: 1 << 50, Probe: probe})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func bench(b *testing.B, in spool.Enqueuer, clients int) {
	b.ReportAllocs()
	b.ResetTimer()
	accept(b, in, clients)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepts/s")
}

// accept spreads b.N deliveries over 1,000 issues. Each has a context of its own, as a request has.
func accept(b *testing.B, in spool.Enqueuer, clients int) {
	var next atomic.Int64
	var group sync.WaitGroup
	body := make([]byte, 600)
	for range clients {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				ctx, cancel := context.WithCancel(context.Background())
				name := strconv.FormatInt(n, 10)
				_, err := in.Enqueue(ctx, inbox.Delivery{
					ID: name, IdempotencyKey: name, ContentKey: name, Issue: triage.Ref{Project: 1, IID: n%1000 + 1}, Body: body,
				})
				cancel()
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// benchDrained measures how fast b.N deliveries get from the file into an inbox that does nothing.
func benchDrained(b *testing.B) {
	in := &back{all: make(chan struct{}), want: int64(b.N)}
	s := open(b, in, time.Millisecond)
	accept(b, s, 64)
	in.is.Store(true)
	var run sync.WaitGroup
	ctx, cancel := context.WithCancel(b.Context())
	defer run.Wait()
	defer cancel()
	b.ResetTimer()
	run.Go(func() { s.Run(ctx) })
	testkit.Receive(b, "all deliveries to be handed over", in.all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

// back is an inbox that is away at first, and then does nothing but count.
type back struct {
	is   atomic.Bool
	n    atomic.Int64
	want int64
	all  chan struct{}
}

func (i *back) Enqueue(context.Context, inbox.Delivery) (inbox.Outcome, error) {
	if !i.is.Load() {
		return "", inbox.ErrUnavailable
	}
	if i.n.Add(1) == i.want {
		close(i.all)
	}
	return inbox.Stored, nil
}
