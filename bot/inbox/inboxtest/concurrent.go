package inboxtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// testConcurrent lets 50 goroutines accept and handle 1,000 deliveries of 10 issues, every one of them twice: each is handled once, in
// order, and no issue is in two hands.
func testConcurrent(t *testing.T, open Open) {
	const goroutines, issues, deliveries = 50, 10, 1000
	s := newStore(t, open)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	book := &ledger{holder: map[triage.Ref]int{}, last: map[triage.Ref]int64{}, handled: map[string]int{}, want: deliveries, all: cancel}

	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			stored := 0
			for i := range deliveries / goroutines {
				n := g*deliveries/goroutines + i
				for range 2 {
					outcome, err := s.Enqueue(t.Context(), delivery(int64(n%issues+1), fmt.Sprint(n)))
					if err != nil {
						t.Errorf("accepting: %v", err)
						return
					}
					if outcome == inbox.Stored {
						stored++
					}
				}
			}
			if stored != deliveries/goroutines {
				t.Errorf("goroutine %d had %d deliveries stored, want %d", g, stored, deliveries/goroutines)
			}
		})
		group.Go(func() {
			for ctx.Err() == nil {
				b, err := s.Claim(ctx, 10*time.Second)
				if err != nil || b == nil {
					if ctx.Err() == nil {
						t.Errorf("claiming: got %v, %v", b, err)
					}
					return
				}
				book.take(t, g, b)
				book.give(t, b)
				if err := s.Complete(context.WithoutCancel(ctx), b, inbox.Result{}); err != nil {
					t.Errorf("done: %v", err)
				}
			}
		})
	}
	group.Wait()

	want := map[string]int{}
	for n := range deliveries {
		want[fmt.Sprint("body ", n)] = 1
	}
	if diff := cmp.Diff(want, book.handled); diff != "" {
		t.Errorf("how often each was handled (-want +got):\n%s", diff)
	}
	equal(t, "state in the end", inbox.Stats{}, s.state().Stats)
}

// ledger is what the workers did.
type ledger struct {
	mu      sync.Mutex
	holder  map[triage.Ref]int
	last    map[triage.Ref]int64
	handled map[string]int
	want    int
	all     func() // called when all are handled
}

func (l *ledger) take(t *testing.T, worker int, b *inbox.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, held := l.holder[b.Issue]; held {
		t.Errorf("worker %d has %s, which worker %d holds", worker, b.Issue, other)
	}
	l.holder[b.Issue] = worker
}

// give notes what was handled, before the store is told.
func (l *ledger) give(t *testing.T, b *inbox.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.holder, b.Issue)
	for _, d := range b.Deliveries {
		if d.Seq <= l.last[b.Issue] {
			t.Errorf("%s: number %d comes after %d", b.Issue, d.Seq, l.last[b.Issue])
		}
		l.last[b.Issue] = d.Seq
		l.handled[string(d.Body)]++
	}
	if len(l.handled) == l.want {
		l.all()
	}
}
