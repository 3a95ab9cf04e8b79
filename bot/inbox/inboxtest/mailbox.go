package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func testAccept(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"a key suppresses repeats until it expires": func(t *testing.T, s *store) {
			d := inbox.Delivery{Issue: issue(1), Key: "a", Body: []byte("body 1")}
			s.accept(d, inbox.Stored)
			s.accept(d, inbox.Duplicate)
			other := d
			other.Issue = issue(2)
			s.accept(other, inbox.Duplicate)
			s.Advance(inbox.KeepKeys - time.Minute)
			s.accept(d, inbox.Duplicate)
			s.Advance(time.Minute)
			s.accept(d, inbox.Stored)
			s.accept(d, inbox.Duplicate)
			s.bodies(s.claim(1).Deliveries, "1", "1")
			s.none()
		},
		"a key that came again after it expired suppresses repeats": func(t *testing.T, s *store) {
			const many = 100 // more than a store purges at once
			key := func(n int) inbox.Delivery { return inbox.Delivery{Issue: issue(1), Key: fmt.Sprint(n)} }
			for n := range many {
				s.accept(key(n), inbox.Stored)
			}
			s.Advance(inbox.KeepKeys)
			s.accept(key(many-1), inbox.Stored)
			for n := range many - 1 {
				s.accept(key(n), inbox.Stored)
			}
			for n := range many {
				s.accept(key(n), inbox.Duplicate)
			}
		},
		"a meaning suppresses twins until it expires": func(t *testing.T, s *store) {
			twin := func(key string) inbox.Delivery {
				return inbox.Delivery{Issue: issue(1), Key: key, Meaning: "m", Body: []byte("body " + key)}
			}
			s.accept(twin("a"), inbox.Stored)
			s.accept(twin("b"), inbox.Duplicate)
			s.Advance(inbox.KeepMeanings - time.Minute)
			s.accept(twin("c"), inbox.Duplicate)
			s.Advance(time.Minute)
			s.accept(twin("d"), inbox.Stored)
			s.accept(twin("e"), inbox.Duplicate)
			s.bodies(s.claim(1).Deliveries, "a", "d")
		},
		"a twin's own key suppresses its resending": func(t *testing.T, s *store) {
			s.accept(inbox.Delivery{Issue: issue(1), Key: "a", Meaning: "m", Body: []byte("body a")}, inbox.Stored)
			twin := inbox.Delivery{Issue: issue(1), Key: "b", Meaning: "m", Body: []byte("body b")}
			s.accept(twin, inbox.Duplicate)
			s.Advance(2 * inbox.KeepMeanings)
			s.accept(twin, inbox.Duplicate)
			s.bodies(s.claim(1).Deliveries, "a")
		},
		"keys and meanings do not meet": func(t *testing.T, s *store) {
			s.accept(inbox.Delivery{Issue: issue(1), Key: "a", Meaning: "b"}, inbox.Stored)
			s.accept(inbox.Delivery{Issue: issue(1), Key: "b", Meaning: "a"}, inbox.Stored)
		},
		"empty keys never match": func(t *testing.T, s *store) {
			for range 3 {
				s.accept(inbox.Delivery{Issue: issue(1), Body: []byte("body x")}, inbox.Stored)
			}
			s.bodies(s.claim(1).Deliveries, "x", "x", "x")
		},
		"any bytes come back": func(t *testing.T, s *store) {
			d := inbox.Delivery{
				ID: "12 é\n", Issue: triage.Ref{Project: 1 << 40, IID: 1 << 41},
				Key: strings.Repeat("long {}", 10_000), Meaning: "\x00}{", Body: []byte("3 \x00\xff {}\r\n" + strings.Repeat("x", 1<<20)),
			}
			from := s.Now()
			s.accept(d, inbox.Stored)
			s.accept(d, inbox.Duplicate)
			b, err := s.Claim(t.Context(), 0)
			if err != nil || b == nil || len(b.Deliveries) != 1 {
				t.Fatalf("claiming: got %+v, %v, want one delivery", b, err)
			}
			got := b.Deliveries[0]
			between(t, "accepted", from, got.Accepted, s.Now())
			equal(t, "issue", d.Issue, b.Issue)
			equal(t, "id", d.ID, got.ID)
			equal(t, "body", d.Body, got.Body)
		},
		"what names no issue is refused": func(t *testing.T, s *store) {
			for _, bad := range []inbox.Delivery{
				{ID: "no issue"}, {Issue: triage.Ref{Project: 1}}, {Issue: triage.Ref{Project: -1, IID: 1}},
				{Issue: issue(1), Delay: -1},
			} {
				if _, err := s.Accept(t.Context(), bad); err == nil || errors.Is(err, inbox.ErrUnavailable) {
					t.Errorf("accepting %+v: got %v, want an error about the delivery", bad, err)
				}
			}
			s.none()
		},
		"an ended context stores nothing": func(t *testing.T, s *store) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := s.Accept(ctx, delivery(1, "a")); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context canceled", err)
			}
			s.none()
		},
	})
}

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
			between(t, "until", from.Add(Lease), b.Until, s.Now().Add(Lease))
			equal(t, "attempt", 1, b.Attempt)
			equal(t, "last error", "", b.LastError)
			equal(t, "woken", false, b.Woken)
			if b.Memory != nil || b.Token == 0 {
				t.Errorf("memory is %q and the token %d, want none and one", b.Memory, b.Token)
			}
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
			if claimed, due := b.Until.Add(-Lease), b.Deliveries[0].Accepted.Add(d.Delay); claimed.Before(due) {
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
			s.must("release", s.Release(t.Context(), b))
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

func testDue(t *testing.T, open Open) {
	late := func(name string, delay time.Duration) inbox.Delivery {
		d := delivery(1, name)
		d.Delay = delay
		return d
	}
	cases(t, open, map[string]func(*testing.T, *store){
		"the first delivery's delay counts": func(t *testing.T, s *store) {
			s.accept(late("a", 10*time.Minute), inbox.Stored)
			s.Advance(8 * time.Minute)
			s.accept(late("b", 10*time.Minute), inbox.Stored)
			s.none()
			s.Advance(2 * time.Minute)
			s.bodies(s.claim(1).Deliveries, "a", "b")
		},
		"an urgent delivery comes earlier": func(t *testing.T, s *store) {
			s.accept(late("a", 10*time.Minute), inbox.Stored)
			s.accept(late("b", time.Minute), inbox.Stored)
			s.none()
			s.Advance(time.Minute)
			s.bodies(s.claim(1).Deliveries, "a", "b")
			s.none()
		},
		"an issue is due once for all its deliveries": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.done(s.claim(1), inbox.Result{})
			s.none()
			s.Advance(time.Hour)
			s.none()
		},
		"a retry's delay is kept": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.retry(s.claim(1), 10*time.Minute, "GitLab is away")
			s.put(1, "b")
			s.none()
			s.Advance(9 * time.Minute)
			s.accept(late("c", 0), inbox.Stored)
			s.none()
			s.Advance(time.Minute)
			b := s.claim(1)
			s.bodies(b.Deliveries, "a", "b", "c")
			equal(t, "attempt", 2, b.Attempt)
			equal(t, "last error", "GitLab is away", b.LastError)
		},
		"a retry without delay is due at once": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.retry(s.claim(1), 0, "again")
			equal(t, "attempt", 2, s.claim(1).Attempt)
		},
		"after a retry was handled delays count again": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.retry(s.claim(1), time.Minute, "once")
			s.Advance(time.Minute)
			s.done(s.claim(1), inbox.Result{})
			s.accept(late("b", 10*time.Minute), inbox.Stored)
			s.accept(late("c", 2*time.Minute), inbox.Stored)
			s.none()
			s.Advance(2 * time.Minute)
			b := s.claim(1)
			s.bodies(b.Deliveries, "b", "c")
			equal(t, "attempt", 1, b.Attempt)
			equal(t, "last error", "", b.LastError)
		},
	})
}

func testDone(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"what came meanwhile is due at once": func(t *testing.T, s *store) {
			s.put(1, "a")
			b := s.claim(1)
			d := delivery(1, "b")
			d.Delay = time.Hour
			s.accept(d, inbox.Stored)
			s.none()
			s.done(b, inbox.Result{})
			next := s.claim(1)
			s.bodies(next.Deliveries, "b")
			equal(t, "attempt", 1, next.Attempt)
		},
		"memory is kept or replaced": func(t *testing.T, s *store) {
			for i, step := range []struct {
				memory []byte
				next   []byte
			}{
				{nil, nil},
				{[]byte("one \x00"), []byte("one \x00")},
				{nil, []byte("one \x00")},
				{[]byte("two"), []byte("two")},
			} {
				s.put(1, fmt.Sprint(i))
				s.done(s.claim(1), inbox.Result{Memory: step.memory})
				s.put(1, fmt.Sprint(i, "look"))
				b := s.claim(1)
				equal(t, fmt.Sprintf("memory after step %d", i), string(step.next), string(b.Memory))
				s.done(b, inbox.Result{})
			}
		},
		"memory outlives other ends": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{Memory: []byte("kept")})
			s.put(1, "b")
			s.retry(s.claim(1), 0, "again")
			s.must("release", s.Release(t.Context(), s.claim(1)))
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "c")
			equal(t, "memory", "kept", string(s.claim(1).Memory))
		},
		"memory expires after its last handling": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{Memory: []byte("m")})
			s.Advance(inbox.KeepMemory - time.Minute)
			s.put(1, "b")
			b := s.claim(1)
			equal(t, "memory", "m", string(b.Memory))
			s.done(b, inbox.Result{})
			s.Advance(inbox.KeepMemory - time.Minute)
			s.put(1, "c")
			b = s.claim(1)
			equal(t, "memory after it was kept", "m", string(b.Memory))
			s.must("release", s.Release(t.Context(), b))
			s.Advance(time.Minute)
			b = s.claim(1)
			if b.Memory != nil {
				t.Errorf("memory is %q, want it expired", b.Memory)
			}
			s.done(b, inbox.Result{})
			s.put(1, "d")
			if b := s.claim(1); b.Memory != nil {
				t.Errorf("memory is %q, want it still gone", b.Memory)
			}
		},
	})
}

func testWake(t *testing.T, open Open) {
	// sleeping leaves an issue that is woken after an hour.
	sleeping := func(s *store) {
		s.t.Helper()
		s.put(1, "first")
		s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(time.Hour)})
		s.none()
	}
	cases(t, open, map[string]func(*testing.T, *store){
		"an issue is woken without deliveries": func(t *testing.T, s *store) {
			sleeping(s)
			s.Advance(time.Hour)
			b := s.claim(1)
			s.bodies(b.Deliveries)
			equal(t, "woken", true, b.Woken)
			equal(t, "attempt", 1, b.Attempt)
			s.done(b, inbox.Result{})
			s.Advance(100 * time.Hour)
			s.none()
		},
		"a delivery before it comes with no flag, and its done replaces the wake-up": func(t *testing.T, s *store) {
			sleeping(s)
			s.put(1, "a")
			b := s.claim(1)
			equal(t, "woken", false, b.Woken)
			s.done(b, inbox.Result{WakeAt: s.Now().Add(3 * time.Hour)})
			s.Advance(2 * time.Hour)
			s.none()
			s.Advance(time.Hour)
			equal(t, "woken", true, s.claim(1).Woken)
		},
		"a done without wake-up takes it away": func(t *testing.T, s *store) {
			sleeping(s)
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{})
			s.Advance(2 * time.Hour)
			s.none()
		},
		"a wake-up takes the waiting deliveries along": func(t *testing.T, s *store) {
			sleeping(s)
			d := delivery(1, "a")
			d.Delay = 10 * time.Hour
			s.accept(d, inbox.Stored)
			s.Advance(time.Hour)
			b := s.claim(1)
			equal(t, "woken", true, b.Woken)
			s.bodies(b.Deliveries, "a")
			s.done(b, inbox.Result{})
			s.Advance(100 * time.Hour)
			s.none()
		},
		"a wake-up waits for the end of a retry's delay": func(t *testing.T, s *store) {
			sleeping(s)
			s.Advance(time.Hour)
			s.retry(s.claim(1), 2*time.Hour, "again")
			s.none()
			s.Advance(time.Hour)
			s.none()
			s.Advance(time.Hour)
			b := s.claim(1)
			equal(t, "woken", true, b.Woken)
			equal(t, "attempt", 2, b.Attempt)
			s.must("release", s.Release(t.Context(), b))
			b = s.claim(1)
			equal(t, "woken after a release", true, b.Woken)
			equal(t, "attempt after a release", 2, b.Attempt)
		},
		"a wake-up in the past is due at once": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(-time.Hour)})
			equal(t, "woken", true, s.claim(1).Woken)
		},
	})
}
