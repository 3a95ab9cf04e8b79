package inboxtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
)

// full checks that there is no room for the delivery.
func (s *store) full(d inbox.Delivery) {
	s.t.Helper()
	outcome, err := s.Enqueue(s.t.Context(), d)
	if outcome != "" || !errors.Is(err, inbox.ErrFull) || errors.Is(err, inbox.ErrUnavailable) {
		s.t.Fatalf("accepting %q: got %s, %v, want the inbox full", d.ID, outcome, err)
	}
}

func testFull(t *testing.T, open Open) {
	for name, run := range map[string]func(*testing.T, *store){
		"it is full when so many wait, of any issues": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.put(2, "c")
			s.full(delivery(3, "d"))
			s.full(delivery(1, "d"))
			equal(t, "deliveries", 3, s.state().Stats.Deliveries)
		},
		"what was refused can come again": func(_ *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.put(1, "c")
			s.full(delivery(2, "d"))
			s.done(s.claim(1), inbox.Result{})
			s.put(2, "d")
			s.bodies(s.claim(2).Deliveries, "d")
		},
		"a duplicate is one all the same": func(_ *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.put(1, "c")
			s.accept(delivery(1, "a"), inbox.Duplicate)
			twin := delivery(1, "a")
			twin.IdempotencyKey = "another"
			s.accept(twin, inbox.Duplicate)
		},
		"what is being handled still waits": func(_ *testing.T, s *store) {
			s.put(1, "a")
			s.put(2, "b")
			s.put(3, "c")
			b := s.claim(1)
			s.full(delivery(4, "d"))
			s.retry(b, 0, "again")
			s.full(delivery(4, "d"))
		},
		"dead letters do not count until they are revived": func(_ *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.bury(s.claim(1), "given up", nil)
			s.put(2, "c")
			s.put(2, "d")
			s.put(2, "e")
			s.full(delivery(2, "f"))
			s.Advance(time.Second)
			s.must("revive", s.Redrive(s.t.Context(), issue(1))) // never refused
			s.done(s.claim(2), inbox.Result{})
			s.put(2, "f")
			s.full(delivery(2, "g"))
		},
		"the error says what would help": func(t *testing.T, s *store) {
			for n := range 3 {
				s.put(1, fmt.Sprint(n))
			}
			_, err := s.Enqueue(t.Context(), delivery(1, "x"))
			for _, want := range []string{"7#1", "3 wait", "the bot is behind", "too few workers"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		},
		"many at once": func(t *testing.T, s *store) {
			var stored atomic.Int64
			var group sync.WaitGroup
			for n := range 50 {
				group.Go(func() {
					switch outcome, err := s.Enqueue(t.Context(), delivery(int64(n+1), fmt.Sprint(n))); {
					case outcome == inbox.Stored:
						stored.Add(1)
					case !errors.Is(err, inbox.ErrFull):
						t.Errorf("accepting: got %s, %v", outcome, err)
					}
				})
			}
			group.Wait()
			equal(t, "stored", int64(3), stored.Load())
		},
	} {
		t.Run(name, func(t *testing.T) { run(t, newBounded(t, open, 3)) })
	}
}
