package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func testClaim(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"the most overdue issue comes first, its deliveries in order": func(t *testing.T, s *store) {
			for n := int64(5); n > 0; n-- {
				for m := range 3 {
					s.put(n, fmt.Sprint(n, m))
				}
				s.Advance(time.Second)
			}
			for n := int64(5); n > 0; n-- {
				b := s.claim(n)
				s.bodies(b.Deliveries, fmt.Sprint(n, 0), fmt.Sprint(n, 1), fmt.Sprint(n, 2))
				equal(t, "id", "id "+fmt.Sprint(n, 0), b.Deliveries[0].ID)
			}
			s.none()
		},
		"a first batch is plain": func(t *testing.T, s *store) {
			from := s.Now()
			s.put(1, "a")
			b := s.claim(1)
			between(t, "until", from.Add(Lease), b.LeaseUntil, s.Now().Add(Lease))
			equal(t, "attempt", 1, b.Attempt)
			equal(t, "last error", "", b.LastError)
			equal(t, "woken", false, b.Woken)
			if b.Memory != nil || b.FencingToken == 0 {
				t.Errorf("memory is %q and the token %d, want none and one", b.Memory, b.FencingToken)
			}
		},
		"the store knows when it began": func(t *testing.T, s *store) {
			from := s.Now()
			s.put(1, "a")
			latest := s.Now()
			s.done(s.claim(1), inbox.Result{})
			s.Advance(time.Hour)
			s.put(1, "b")
			between(t, "began", from.Add(-time.Minute), s.claim(1).StoreCreatedAt, latest)
		},
		"it waits for an accept": func(t *testing.T, s *store) {
			claimed := s.claimAside(time.Minute)
			s.put(1, "a")
			s.bodies((<-claimed).Deliveries, "a")
		},
		"it waits for a due time": func(t *testing.T, s *store) {
			d := delivery(1, "a")
			d.Delay = 50 * time.Millisecond
			s.accept(d, inbox.Stored)
			b := <-s.claimAside(time.Minute)
			s.bodies(b.Deliveries, "a")
			if claimed, due := b.LeaseUntil.Add(-Lease), b.Deliveries[0].EnqueuedAt.Add(d.Delay); claimed.Before(due) {
				t.Errorf("claimed at %s, want not before %s", claimed, due)
			}
		},
		"one accept after another reaches every waiter": func(t *testing.T, s *store) {
			var all []<-chan *inbox.Batch
			for range 4 {
				all = append(all, s.claimAside(time.Minute))
			}
			for n := range int64(4) {
				d := delivery(n+1, fmt.Sprint(n))
				d.Delay = time.Duration(n) * 10 * time.Millisecond
				s.accept(d, inbox.Stored)
			}
			got := map[triage.Ref]bool{}
			for _, claimed := range all {
				got[(<-claimed).Issue] = true
			}
			equal(t, "issues", map[triage.Ref]bool{issue(1): true, issue(2): true, issue(3): true, issue(4): true}, got)
		},
		"it waits for a release": func(t *testing.T, s *store) {
			s.put(1, "a")
			b := s.claim(1)
			claimed := s.claimAside(time.Minute)
			s.must("release", s.Requeue(t.Context(), b))
			equal(t, "attempt", 1, (<-claimed).Attempt)
		},
		"it gives up after its time": func(t *testing.T, s *store) {
			d := delivery(1, "a")
			d.Delay = time.Hour
			s.accept(d, inbox.Stored)
			if b := <-s.claimAside(20 * time.Millisecond); b != nil {
				t.Errorf("got %+v, want nothing", b)
			}
		},
		"it ends with its context": func(t *testing.T, s *store) {
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error, 1)
			go func() {
				_, err := s.Claim(ctx, time.Minute)
				result <- err
			}()
			cancel()
			if err := <-result; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context canceled", err)
			}
			s.put(1, "a")
			equal(t, "attempt", 1, s.claim(1).Attempt)
		},
	})
}

// claimAside claims in a goroutine of its own; the test has to receive from the channel.
func (s *store) claimAside(wait time.Duration) <-chan *inbox.Batch {
	claimed := make(chan *inbox.Batch, 1)
	go func() {
		b, err := s.Claim(s.t.Context(), wait)
		if err != nil {
			s.t.Errorf("claiming: %v", err)
		}
		if b == nil && wait >= time.Minute {
			s.t.Error("claiming: got nothing in a minute")
			b = &inbox.Batch{}
		}
		claimed <- b
	}()
	return claimed
}
