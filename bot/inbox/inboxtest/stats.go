package inboxtest

import (
	"errors"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func testStats(t *testing.T, open Open) {
	s := newStore(t, open)
	check := func(when string, want inbox.Stats) {
		t.Helper()
		got, err := s.Store.Stats(t.Context())
		s.must("stats", err)
		got.Oldest = got.Oldest.Truncate(time.Minute)
		equal(t, when, want, got)
	}
	check("empty", inbox.Stats{})
	s.put(1, "a")
	s.put(1, "b")
	s.put(2, "c")
	late := delivery(3, "d")
	late.Delay = 3 * time.Hour
	s.accept(late, inbox.Stored)
	check("waiting", inbox.Stats{Issues: 3, Deliveries: 4})
	s.Advance(2 * time.Minute)
	check("overdue", inbox.Stats{Issues: 3, Deliveries: 4, Oldest: 2 * time.Minute})
	one := s.claim(1)
	check("one leased", inbox.Stats{Issues: 3, Deliveries: 4, Leased: 1, Oldest: 2 * time.Minute})
	two := s.claim(2)
	check("two leased", inbox.Stats{Issues: 3, Deliveries: 4, Leased: 2})
	s.bury(one, "given up", nil)
	check("one buried", inbox.Stats{Issues: 2, Deliveries: 2, Leased: 1, DeadLetters: 1})
	s.done(two, inbox.Result{WakeAt: s.Now().Add(time.Hour)})
	check("one done", inbox.Stats{Issues: 1, Deliveries: 1, DeadLetters: 1})
	s.must("revive", s.Redrive(t.Context(), issue(1)))
	check("revived", inbox.Stats{Issues: 2, Deliveries: 3})
	s.claim(1)
	s.Advance(Lease + 5*time.Minute)
	check("a lease ran out", inbox.Stats{Issues: 2, Deliveries: 3, Oldest: 5 * time.Minute})
}

func testClose(t *testing.T, open Open) {
	s := newStore(t, open)
	s.put(1, "a")
	b := s.claim(1)
	waiting := make(chan error, 1)
	go func() {
		_, err := s.Claim(t.Context(), time.Minute)
		waiting <- err
	}()
	s.must("ping", s.Ping(t.Context()))
	s.must("close", s.Close())
	if err := <-waiting; !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("a claim that waited: got %v, want unavailable", err)
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"accept":   func() error { _, err := s.Enqueue(ctx, delivery(1, "b")); return err },
		"claim":    func() error { _, err := s.Claim(ctx, 0); return err },
		"holds":    func() error { return s.CheckLease(ctx, b) },
		"extend":   func() error { return s.Extend(ctx, b) },
		"done":     func() error { return s.Complete(ctx, b, inbox.Result{}) },
		"retry":    func() error { return s.Retry(ctx, b, 0, "") },
		"release":  func() error { return s.Requeue(ctx, b) },
		"bury":     func() error { return s.DeadLetter(ctx, b, "", nil) },
		"memories": func() error { _, err := s.Memories(ctx, []triage.Ref{issue(1)}); return err },
		"records":  func() error { _, err := s.Store.Records(ctx, issue(1), 1); return err },
		"recent":   func() error { _, err := s.RecentRecords(ctx, 1); return err },
		"dead":     func() error { _, err := s.Store.DeadLetters(ctx, 1); return err },
		"revive":   func() error { return s.Redrive(ctx, issue(1)) },
		"drop":     func() error { return s.DropDeadLetter(ctx, issue(1)) },
		"get":      func() error { _, _, err := s.Get(ctx, "sweep"); return err },
		"swap":     func() error { _, err := s.CompareAndSwap(ctx, "sweep", nil, []byte("x"), time.Hour); return err },
		"projects": func() error { _, err := s.Store.Projects(ctx); return err },
		"touch":    func() error { return s.TouchProjects(ctx, []int64{1}) },
		"stats":    func() error { _, err := s.Store.Stats(ctx); return err },
		"ping":     func() error { return s.Ping(ctx) },
	} {
		if err := call(); !errors.Is(err, inbox.ErrUnavailable) {
			t.Errorf("%s after close: got %v, want unavailable", name, err)
		}
	}
	s.must("close again", s.Close())
}
