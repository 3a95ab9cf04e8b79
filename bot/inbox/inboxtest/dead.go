package inboxtest

import (
	"errors"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
)

func testDead(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"a letter keeps everything": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.retry(s.claim(1), 0, "first")
			b := s.claim(1)
			from := s.Now()
			s.bury(b, "it cannot be", []byte("decision"))
			s.none()
			letters, err := s.Store.DeadLetters(t.Context(), 10)
			s.must("dead", err)
			if len(letters) != 1 {
				t.Fatalf("got %d letters, want one", len(letters))
			}
			between(t, "buried", from, letters[0].DeadSince, s.Now())
			letters[0].DeadSince = time.Time{}
			equal(t, "letter", inbox.DeadLetter{
				Issue: issue(1), Cause: "it cannot be", Attempts: 2, Deliveries: b.Deliveries, Record: []byte("decision"),
			}, letters[0])
		},
		"what came meanwhile stays, as attempt 1": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.retry(s.claim(1), 0, "first")
			b := s.claim(1)
			s.put(1, "b")
			s.bury(b, "given up", nil)
			next := s.claim(1)
			s.bodies(next.Deliveries, "b")
			equal(t, "attempt", 1, next.Attempt)
			equal(t, "last error", "", next.LastError)
		},
		"a later letter is added": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.bury(s.claim(1), "one", []byte("first"))
			s.Advance(time.Second)
			s.put(2, "x")
			s.bury(s.claim(2), "other", nil)
			s.Advance(time.Second)
			s.put(1, "b")
			s.retry(s.claim(1), 0, "again")
			s.bury(s.claim(1), "two", nil)
			letters, err := s.Store.DeadLetters(t.Context(), 10)
			s.must("dead", err)
			if len(letters) != 2 || letters[0].Issue != issue(1) || letters[1].Issue != issue(2) {
				t.Fatalf("got %+v, want the letters of issue 1 and 2", letters)
			}
			s.bodies(letters[0].Deliveries, "a", "b")
			equal(t, "cause", "two", letters[0].Cause)
			equal(t, "attempts", 2, letters[0].Attempts)
			if letters[0].Record != nil {
				t.Errorf("the record is %q, want that of the later letter: none", letters[0].Record)
			}
			letters, err = s.Store.DeadLetters(t.Context(), 1)
			s.must("dead", err)
			equal(t, "letters with a limit", 1, len(letters))
			letters, err = s.Store.DeadLetters(t.Context(), 0)
			s.must("dead", err)
			equal(t, "letters with no room", 0, len(letters))
		},
		"a revived one is at the head, as attempt 1": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "c")
			s.retry(s.claim(1), time.Hour, "again")
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			b := s.claim(1)
			s.bodies(b.Deliveries, "a", "b", "c")
			equal(t, "attempt", 1, b.Attempt)
			s.done(b, inbox.Result{})
			s.none()
			equal(t, "letters", 0, len(s.state().Dead))
		},
		"one revived under a lease comes after it": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "b")
			b := s.claim(1)
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			s.none()
			s.done(b, inbox.Result{})
			s.bodies(s.claim(1).Deliveries, "a")
		},
		"one revived between the deliveries of a lease is not taken for one of them": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "b")
			b := s.claim(1)
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			s.bury(b, "given up", nil) // the letter is b, the mailbox a
			s.put(1, "c")
			b = s.claim(1)
			s.bodies(b.Deliveries, "a", "c")
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			s.done(b, inbox.Result{})
			s.bodies(s.claim(1).Deliveries, "b")
		},
		"a wake-up is buried and revived": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(-time.Second)})
			s.bury(s.claim(1), "given up", nil)
			s.none()
			for _, l := range s.state().Dead {
				equal(t, "woken", true, l.Woken)
			}
			equal(t, "letters", 1, len(s.state().Dead))
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			b := s.claim(1)
			equal(t, "woken", true, b.Woken)
			equal(t, "attempt", 1, b.Attempt)
			s.done(b, inbox.Result{})
			s.none()
		},
		"a wake-up revived under a lease outlives it": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(-time.Second)})
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "b")
			b := s.claim(1)
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			s.done(b, inbox.Result{})
			b = s.claim(1)
			equal(t, "woken", true, b.Woken)
			s.done(b, inbox.Result{})
			s.none()
		},
		"a wake-up revived under a lease is handled with the next one": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(-time.Second)})
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "b")
			s.claim(1)
			s.must("revive", s.Redrive(t.Context(), issue(1)))
			s.Advance(Lease)
			b := s.claim(1)
			equal(t, "woken", true, b.Woken)
			s.done(b, inbox.Result{})
			s.none()
		},
		"a wake-up that is not due stays": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(time.Hour)})
			s.put(1, "b")
			s.bury(s.claim(1), "given up", nil)
			s.none()
			s.Advance(time.Hour)
			b := s.claim(1)
			equal(t, "woken", true, b.Woken)
			s.bodies(b.Deliveries)
		},
		"a dropped one is gone": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.bury(s.claim(1), "given up", nil)
			s.must("drop", s.DropDeadLetter(t.Context(), issue(1)))
			equal(t, "letters", 0, len(s.state().Dead))
			s.none()
			s.put(1, "b")
			s.bodies(s.claim(1).Deliveries, "b")
		},
		"there is none": func(t *testing.T, s *store) {
			s.put(1, "a")
			if err := s.Redrive(t.Context(), issue(1)); !errors.Is(err, inbox.ErrNotFound) {
				t.Errorf("revive: got %v, want not found", err)
			}
			if err := s.DropDeadLetter(t.Context(), issue(1)); !errors.Is(err, inbox.ErrNotFound) {
				t.Errorf("drop: got %v, want not found", err)
			}
			s.bodies(s.claim(1).Deliveries, "a")
		},
	})
}
