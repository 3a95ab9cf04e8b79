package inboxtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
)

func testLease(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"a leased issue is nobody else's": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.claim(1)
			s.put(1, "b")
			s.none()
			s.Advance(Lease - time.Second)
			s.none()
		},
		"a delivery to an issue that was only woken is no way in": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(-time.Second)})
			b := s.claim(1)
			s.put(1, "b")
			s.none()
			s.must("release", s.Requeue(t.Context(), b))
			s.bodies(s.claim(1).Deliveries, "b")
		},
		"a lease that ran out is another attempt": func(t *testing.T, s *store) {
			s.put(1, "a")
			first := s.claim(1)
			s.Advance(Lease)
			s.put(1, "b")
			second := s.claim(1)
			equal(t, "attempt", 2, second.Attempt)
			equal(t, "abandoned", []bool{false, true}, []bool{first.Abandoned, second.Abandoned})
			s.bodies(second.Deliveries, "a", "b")
			if second.FencingToken <= first.FencingToken {
				t.Errorf("token is %d after %d, want it to grow", second.FencingToken, first.FencingToken)
			}
			s.Advance(Lease)
			equal(t, "attempt", 3, s.claim(1).Attempt)
		},
		"who ends a batch does not abandon it": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.must("retry", s.Retry(t.Context(), s.claim(1), 0, "why"))
			b := s.claim(1)
			equal(t, "abandoned behind a retry", false, b.Abandoned)
			s.must("requeue", s.Requeue(t.Context(), b))
			b = s.claim(1)
			equal(t, "abandoned behind a requeue", false, b.Abandoned)
			s.Advance(Lease)
			b = s.claim(1)
			equal(t, "abandoned behind a lease that ran out", true, b.Abandoned)
			s.done(b, inbox.Result{WakeAt: s.Now().Add(-time.Second)})
			equal(t, "abandoned behind the end", false, s.claim(1).Abandoned)
		},
		"extending keeps it": func(t *testing.T, s *store) {
			s.put(1, "a")
			b := s.claim(1)
			for range 5 {
				s.Advance(Lease - time.Second)
				from := s.Now()
				s.must("holds", s.CheckLease(t.Context(), b))
				s.must("extend", s.Extend(t.Context(), b))
				between(t, "until", from.Add(Lease), b.LeaseUntil, s.Now().Add(Lease))
				s.none()
			}
			s.Advance(Lease)
			equal(t, "attempt", 2, s.claim(1).Attempt)
		},
		"work finished late counts if nobody began anew": func(t *testing.T, s *store) {
			s.put(1, "a")
			b := s.claim(1)
			s.Advance(2 * Lease)
			s.done(b, inbox.Result{Memory: []byte("late")})
			s.none()
			s.put(1, "b")
			equal(t, "memory", "late", string(s.claim(1).Memory))
		},
		"a release does not count": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.retry(s.claim(1), 0, "first cause")
			b := s.claim(1)
			equal(t, "attempt", 2, b.Attempt)
			s.put(1, "b")
			s.must("release", s.Requeue(t.Context(), b))
			b = s.claim(1)
			equal(t, "attempt after the release", 2, b.Attempt)
			equal(t, "last error", "first cause", b.LastError)
			s.bodies(b.Deliveries, "a", "b")
		},
	})
}

// testFence takes the lease away from a worker in every way, and lets it try to write in every way.
func testFence(t *testing.T, open Open) {
	taken := map[string]func(s *store, b *inbox.Batch){
		"another claim": func(s *store, _ *inbox.Batch) {
			s.Advance(Lease)
			s.claim(1)
		},
		"its own done": func(s *store, b *inbox.Batch) {
			s.done(b, inbox.Result{Memory: []byte("mine"), Record: []byte("mine")})
		},
		"its own retry":   func(s *store, b *inbox.Batch) { s.retry(b, time.Hour, "mine") },
		"its own release": func(s *store, b *inbox.Batch) { s.must("release", s.Requeue(s.t.Context(), b)) },
		"its own bury":    func(s *store, b *inbox.Batch) { s.bury(b, "mine", []byte("mine")) },
	}
	writes := map[string]func(ctx context.Context, s *store, b *inbox.Batch) error{
		"holds":    func(ctx context.Context, s *store, b *inbox.Batch) error { return s.CheckLease(ctx, b) },
		"extend":   func(ctx context.Context, s *store, b *inbox.Batch) error { return s.Extend(ctx, b) },
		"remember": func(ctx context.Context, s *store, b *inbox.Batch) error { return s.SaveMemory(ctx, b, []byte("late")) },
		"done": func(ctx context.Context, s *store, b *inbox.Batch) error {
			return s.Complete(ctx, b, inbox.Result{Memory: []byte("late"), Record: []byte("late"), WakeAt: s.Now()})
		},
		"retry":   func(ctx context.Context, s *store, b *inbox.Batch) error { return s.Retry(ctx, b, 0, "late") },
		"release": func(ctx context.Context, s *store, b *inbox.Batch) error { return s.Requeue(ctx, b) },
		"bury": func(ctx context.Context, s *store, b *inbox.Batch) error {
			return s.DeadLetter(ctx, b, "late", []byte("late"))
		},
	}
	for how, take := range taken {
		t.Run("after "+how, func(t *testing.T) {
			s := newStore(t, open)
			s.put(1, "a")
			b := s.claim(1)
			take(s, b)
			s.put(1, "b")
			before := s.state()
			for name, write := range writes {
				until := b.LeaseUntil
				if err := write(t.Context(), s, b); !errors.Is(err, inbox.ErrLeaseLost) {
					t.Errorf("%s: got %v, want the lease lost", name, err)
				}
				equal(t, name+" changed until", until, b.LeaseUntil)
				equal(t, name+" changed the store", before, s.state())
			}
		})
	}
}

// state is what of a store can be seen without changing it.
type state struct {
	Stats  inbox.Stats
	Recent []inbox.Record
	Dead   []inbox.DeadLetter
}

func (s *store) state() state {
	s.t.Helper()
	stats, err := s.Store.Stats(s.t.Context())
	s.must("stats", err)
	stats.Oldest = 0 // moves on by itself
	recent, err := s.RecentRecords(s.t.Context(), 100)
	s.must("recent", err)
	dead, err := s.Store.DeadLetters(s.t.Context(), 100)
	s.must("dead", err)
	return state{stats, recent, dead}
}
