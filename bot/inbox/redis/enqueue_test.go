package redis_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redistest"
)

// Deliveries that gathered while the server did not answer are stored together, and still as if each came alone.
func TestGathered(t *testing.T) {
	const fillers, twins = 8, 24
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s := openBounded(t, server, "p", inboxtest.Options{Clock: clock, MaxDeliveries: fillers + 4})
	old := delivery(1, "key")
	old.ContentKey = "meaning"
	accept(t, s, old)
	clock.Advance(inbox.KeepIdempotencyKeys) // what is known of it is there, and does not count

	server.Stop()
	var group, begun sync.WaitGroup
	var stored [4]atomic.Int64
	send := func(kind int, d inbox.Delivery) {
		begun.Add(1)
		group.Go(func() {
			begun.Done()
			switch outcome, err := s.Enqueue(t.Context(), d); {
			case err != nil:
				t.Errorf("accepting %q: %v", d.ID, err)
			case outcome == inbox.Stored:
				stored[kind].Add(1)
			}
		})
	}
	for n := range fillers {
		send(0, delivery(int64(n+10), fmt.Sprint("filler ", n)))
	}
	begun.Wait()
	for n := range twins {
		meant, same := delivery(2, fmt.Sprint("twin ", n)), delivery(3, "key")
		meant.ContentKey, meant.Issue.Project = "meaning", 2
		same.Issue.Project = 3
		send(1, meant)
		send(2, same)
	}
	begun.Wait()
	for range 1000 { // so that they gather; nothing depends on it but what this test can find
		runtime.Gosched()
	}
	server.Continue()
	group.Wait()

	for kind, want := range []int64{fillers, 1, 1} {
		if got := stored[kind].Load(); got != want {
			t.Errorf("of kind %d %d were stored, want %d", kind, got, want)
		}
	}
	stats, err := s.Stats(t.Context())
	if err != nil || stats.Deliveries != fillers+3 || stats.Issues != fillers+3 {
		t.Errorf("got %+v, %v, want %d deliveries, each of its own issue", stats, err, fillers+3)
	}
	projects, err := s.Projects(t.Context())
	if err != nil || fmt.Sprint(projects) != "[1 2 3]" {
		t.Errorf("got projects %d, %v, want 1 to 3", projects, err)
	}
}

// A bound holds within what is stored together, too.
func TestGatheredFull(t *testing.T) {
	const room, senders = 10, 40
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s := openBounded(t, server, "p", inboxtest.Options{Clock: clock, MaxDeliveries: room})
	server.Stop()
	var group, begun sync.WaitGroup
	var stored atomic.Int64
	for n := range senders {
		begun.Add(1)
		group.Go(func() {
			begun.Done()
			if outcome, _ := s.Enqueue(t.Context(), delivery(int64(n+1), fmt.Sprint(n))); outcome == inbox.Stored {
				stored.Add(1)
			}
		})
	}
	begun.Wait()
	server.Continue()
	group.Wait()
	stats, err := s.Stats(t.Context())
	if err != nil || stats.Deliveries != room || stored.Load() != room {
		t.Errorf("%d were stored, the store has %+v, %v, want %d", stored.Load(), stats, err, room)
	}
}
