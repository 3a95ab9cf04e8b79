package inboxtest

import (
	"slices"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
)

// Filled is a store that holds something of everything, as it is to be found after a restart.
type Filled struct {
	clock *Clock
	held  *inbox.Batch // of issue 3
	state state
}

// Fill leaves something of everything in an empty store.
func Fill(t *testing.T, in Store, clock *Clock) *Filled {
	t.Helper()
	s := &store{Store: in, Clock: clock, t: t}
	s.put(1, "waits")
	s.put(1, "waits, too")
	s.Advance(time.Second)
	s.put(2, "was handled")
	s.put(3, "is handled")
	s.put(4, "is delayed")
	s.put(5, "was given up")
	s.put(6, "is woken")
	s.Advance(time.Second)

	var held *inbox.Batch
	for range 6 {
		b, err := s.Claim(t.Context(), 0)
		if err != nil || b == nil {
			t.Fatalf("claiming: got %v, %v", b, err)
		}
		switch b.Issue {
		case issue(1):
			s.must("release", s.Requeue(t.Context(), b))
			b, err = s.Claim(t.Context(), 0) // the most overdue again
			if err != nil || b == nil || b.Issue != issue(1) {
				t.Fatalf("claiming what was released: got %v, %v", b, err)
			}
			s.retry(b, 0, "try once more")
		case issue(2):
			s.done(b, inbox.Result{Memory: []byte("memory"), Record: []byte("record")})
		case issue(3):
			held = b
		case issue(4):
			s.retry(b, time.Hour, "GitLab is away")
		case issue(5):
			s.bury(b, "it cannot be", []byte("decision"))
		case issue(6):
			s.done(b, inbox.Result{WakeAt: s.Now().Add(2 * time.Hour)})
		}
	}
	if swapped, err := s.CompareAndSwap(t.Context(), "sweep", nil, []byte("here"), 24*time.Hour); err != nil || !swapped {
		t.Fatalf("setting a value: got %t, %v", swapped, err)
	}
	return &Filled{clock: clock, held: held, state: s.state()}
}

// Check looks for everything in the store after a restart. Leases are what the stores may differ in: they go on, or are void.
func (f *Filled) Check(t *testing.T, in Store) {
	t.Helper()
	s := &store{Store: in, Clock: f.clock, t: t}
	got := s.state()
	got.Stats.Leased = f.state.Stats.Leased
	equal(t, "state", f.state, got)
	for n, name := range map[int64]string{
		1: "waits", 2: "was handled", 3: "is handled", 4: "is delayed", 5: "was given up", 6: "is woken",
	} {
		s.accept(delivery(n, name), inbox.Duplicate)
	}
	value, _, err := s.Get(t.Context(), "sweep")
	s.must("reading a value", err)
	equal(t, "value", "here", string(value))
	s.projects(7)

	s.Advance(Lease)
	var issues []int64
	for range 2 {
		b, err := s.Claim(t.Context(), 0)
		if err != nil || b == nil {
			t.Fatalf("claiming: got %v, %v", b, err)
		}
		issues = append(issues, number(b.Issue))
		equal(t, "attempt", 2, b.Attempt)
		equal(t, "began", f.held.StoreCreatedAt, b.StoreCreatedAt)
		switch b.Issue {
		case issue(1):
			s.bodies(b.Deliveries, "waits", "waits, too")
			equal(t, "last error", "try once more", b.LastError)
		case issue(3):
			s.bodies(b.Deliveries, "is handled")
			if b.FencingToken <= f.held.FencingToken {
				t.Errorf("token is %d after %d, want it to grow", b.FencingToken, f.held.FencingToken)
			}
		}
		s.done(b, inbox.Result{})
	}
	slices.Sort(issues)
	equal(t, "issues due", []int64{1, 3}, issues)
	s.none()

	s.Advance(time.Hour)
	b := s.claim(4)
	s.bodies(b.Deliveries, "is delayed")
	equal(t, "last error", "GitLab is away", b.LastError)
	s.Advance(time.Hour)
	s.done(b, inbox.Result{})
	equal(t, "woken", true, s.claim(6).Woken)
	s.must("revive", s.Redrive(t.Context(), issue(5)))
	s.bodies(s.claim(5).Deliveries, "was given up")
	s.put(2, "more")
	equal(t, "memory", "memory", string(s.claim(2).Memory))
	s.none()
}
