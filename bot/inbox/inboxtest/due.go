package inboxtest

import (
	"fmt"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

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
		"what somebody waits for comes before all that is overdue": func(t *testing.T, s *store) {
			s.put(2, "a")
			s.put(3, "b")
			s.Advance(10 * time.Minute)
			s.accept(late("c", time.Minute), inbox.Stored)
			s.accept(late("d", inbox.Priority), inbox.Stored)
			stats, err := s.Stats(t.Context())
			if err != nil || stats.Oldest > time.Minute {
				t.Errorf("the oldest is due for %s, %v; the one ahead is due just now", stats.Oldest, err)
			}
			s.bodies(s.claim(1).Deliveries, "c", "d")
			s.claim(2)
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
		"memory is remembered in the middle, whatever the end": func(t *testing.T, s *store) {
			for name, end := range map[string]func(*inbox.Batch){
				"release": func(b *inbox.Batch) { s.must("release", s.Requeue(t.Context(), b)) },
				"retry":   func(b *inbox.Batch) { s.retry(b, 0, "again") },
				"bury":    func(b *inbox.Batch) { s.bury(b, "given up", nil); s.put(1, "next") },
				"lease":   func(*inbox.Batch) { s.Advance(Lease) },
			} {
				s.put(1, name)
				b := s.claim(1)
				s.must("remember", s.SaveMemory(t.Context(), b, []byte(name)))
				s.none()
				end(b)
				b = s.claim(1)
				equal(t, "memory after "+name, name, string(b.Memory))
				s.done(b, inbox.Result{})
			}
		},
		"memory outlives other ends": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{Memory: []byte("kept")})
			s.put(1, "b")
			s.retry(s.claim(1), 0, "again")
			s.must("release", s.Requeue(t.Context(), s.claim(1)))
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "c")
			equal(t, "memory", "kept", string(s.claim(1).Memory))
		},
		"memory is read without the lease": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{Memory: []byte("one \x00")})
			s.put(2, "b")
			s.done(s.claim(2), inbox.Result{})
			s.put(3, "c")
			held := s.claim(3)
			s.must("remember", s.SaveMemory(t.Context(), held, []byte("three")))
			read := func(numbers ...int64) []string {
				refs := make([]triage.Ref, len(numbers))
				for i, n := range numbers {
					refs[i] = issue(n)
				}
				all, err := s.Memories(t.Context(), refs)
				s.must("reading", err)
				var words []string
				for _, m := range all {
					words = append(words, fmt.Sprint(m != nil, " ", string(m)))
				}
				return words
			}
			equal(t, "memories", []string{"true three", "false ", "true one \x00", "false ", "true three"}, read(3, 2, 1, 4, 3))
			equal(t, "memories of nothing", 0, len(read()))
			s.Advance(inbox.KeepMemory)
			equal(t, "memories when they have expired", []string{"false ", "false "}, read(1, 3))
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
			s.must("release", s.Requeue(t.Context(), b))
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
			s.must("release", s.Requeue(t.Context(), b))
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
