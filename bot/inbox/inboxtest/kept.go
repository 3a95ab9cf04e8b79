package inboxtest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func testRecords(t *testing.T, open Open) {
	// texts are the bodies of records, and whose they are.
	texts := func(records []inbox.Record) []string {
		all := make([]string, len(records))
		for i, r := range records {
			all[i] = r.Issue.String() + " " + string(r.Body)
		}
		return all
	}
	cases(t, open, map[string]func(*testing.T, *store){
		"the newest come first, of one issue and of all": func(t *testing.T, s *store) {
			from := s.Now()
			for i := range 6 {
				n := int64(i%2 + 1)
				s.put(n, fmt.Sprint(i))
				s.done(s.claim(n), inbox.Result{Record: fmt.Appendf(nil, "r %d", i)})
			}
			s.put(1, "no record")
			s.done(s.claim(1), inbox.Result{})
			one, err := s.Inbox.Records(t.Context(), issue(1), 2)
			s.must("records", err)
			equal(t, "records of an issue", []string{"7#1 r 4", "7#1 r 2"}, texts(one))
			all, err := s.Recent(t.Context(), 4)
			s.must("recent", err)
			equal(t, "records of all", []string{"7#2 r 5", "7#1 r 4", "7#2 r 3", "7#1 r 2"}, texts(all))
			between(t, "time of a record", from, all[0].At, s.Now())
			none, err := s.Inbox.Records(t.Context(), issue(3), 10)
			s.must("records", err)
			equal(t, "records of an unknown issue", []string{}, texts(none))
			none, err = s.Recent(t.Context(), 0)
			s.must("recent", err)
			equal(t, "no records", []string{}, texts(none))
		},
		"an issue keeps its newest": func(t *testing.T, s *store) {
			s.put(2, "other")
			s.done(s.claim(2), inbox.Result{Record: []byte("other")})
			var want []string
			for i := range inbox.RecordsPerIssue + 5 {
				s.put(1, fmt.Sprint(i))
				s.done(s.claim(1), inbox.Result{Record: fmt.Appendf(nil, "%d", i)})
				if i >= 5 {
					want = append([]string{fmt.Sprintf("7#1 %d", i)}, want...)
				}
			}
			one, err := s.Inbox.Records(t.Context(), issue(1), 100)
			s.must("records", err)
			equal(t, "records of the issue", want, texts(one))
			all, err := s.Recent(t.Context(), 100)
			s.must("recent", err)
			equal(t, "records of all", append(want, "7#2 other"), texts(all))
		},
		"all issues together keep the newest": func(t *testing.T, s *store) {
			const perIssue, beyond = 10, 50
			s.put(1, "oldest")
			s.done(s.claim(1), inbox.Result{Record: []byte("oldest")})
			s.fillRecords((inbox.RecordsOverall+beyond)/perIssue, perIssue)
			all, err := s.Recent(t.Context(), 2*inbox.RecordsOverall)
			s.must("recent", err)
			equal(t, "how many are kept", inbox.RecordsOverall, len(all))
			one, err := s.Inbox.Records(t.Context(), issue(1), 10)
			s.must("records", err)
			equal(t, "records of the issue with the oldest", []string{}, texts(one))
			for i := range inbox.RecordsPerIssue + 1 { // the last one replaces one of its own issue
				s.put(1, fmt.Sprint(i))
				s.done(s.claim(1), inbox.Result{Record: []byte("newest")})
			}
			all, err = s.Recent(t.Context(), 2*inbox.RecordsOverall)
			s.must("recent", err)
			equal(t, "how many are still kept", inbox.RecordsOverall, len(all))
			of := map[triage.Ref]int{}
			for _, r := range all {
				of[r.Issue]++
			}
			for ref, n := range of {
				one, err := s.Inbox.Records(t.Context(), ref, inbox.RecordsPerIssue+1)
				s.must("records", err)
				equal(t, "records of "+ref.String(), n, len(one))
			}
		},
	})
}

// fillRecords leaves so many records on each of so many issues, from number 2, with many workers.
func (s *store) fillRecords(issues, each int) {
	s.t.Helper()
	for n := range int64(issues) {
		d := inbox.Delivery{Issue: issue(n + 2)}
		s.accept(d, inbox.Stored)
	}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for {
				b, err := s.Claim(s.t.Context(), 0)
				if err != nil || b == nil {
					if err != nil {
						s.t.Errorf("claiming: %v", err)
					}
					return
				}
				result := inbox.Result{Record: []byte("r")}
				if done := len(b.Memory) + 1; done < each {
					result.Memory, result.WakeAt = make([]byte, done), s.Now().Add(-time.Hour)
				}
				if err := s.Done(s.t.Context(), b, result); err != nil {
					s.t.Errorf("done: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}

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
			letters, err := s.Inbox.Dead(t.Context(), 10)
			s.must("dead", err)
			if len(letters) != 1 {
				t.Fatalf("got %d letters, want one", len(letters))
			}
			between(t, "buried", from, letters[0].Buried, s.Now())
			letters[0].Buried = time.Time{}
			equal(t, "letter", inbox.Letter{
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
			letters, err := s.Inbox.Dead(t.Context(), 10)
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
			letters, err = s.Inbox.Dead(t.Context(), 1)
			s.must("dead", err)
			equal(t, "letters with a limit", 1, len(letters))
			letters, err = s.Inbox.Dead(t.Context(), 0)
			s.must("dead", err)
			equal(t, "letters with no room", 0, len(letters))
		},
		"a revived one is at the head, as attempt 1": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.put(1, "b")
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "c")
			s.retry(s.claim(1), time.Hour, "again")
			s.must("revive", s.Revive(t.Context(), issue(1)))
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
			s.must("revive", s.Revive(t.Context(), issue(1)))
			s.none()
			s.done(b, inbox.Result{})
			s.bodies(s.claim(1).Deliveries, "a")
		},
		"one revived between the deliveries of a lease is not taken for one of them": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.bury(s.claim(1), "given up", nil)
			s.put(1, "b")
			b := s.claim(1)
			s.must("revive", s.Revive(t.Context(), issue(1)))
			s.bury(b, "given up", nil) // the letter is b, the mailbox a
			s.put(1, "c")
			b = s.claim(1)
			s.bodies(b.Deliveries, "a", "c")
			s.must("revive", s.Revive(t.Context(), issue(1)))
			s.done(b, inbox.Result{})
			s.bodies(s.claim(1).Deliveries, "b")
		},
		"a wake-up is buried and revived": func(t *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{WakeAt: s.Now().Add(-time.Second)})
			s.bury(s.claim(1), "given up", nil)
			s.none()
			equal(t, "woken", true, s.state().Dead[0].Woken)
			s.must("revive", s.Revive(t.Context(), issue(1)))
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
			s.must("revive", s.Revive(t.Context(), issue(1)))
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
			s.must("revive", s.Revive(t.Context(), issue(1)))
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
			s.must("drop", s.Drop(t.Context(), issue(1)))
			equal(t, "letters", 0, len(s.state().Dead))
			s.none()
			s.put(1, "b")
			s.bodies(s.claim(1).Deliveries, "b")
		},
		"there is none": func(t *testing.T, s *store) {
			s.put(1, "a")
			if err := s.Revive(t.Context(), issue(1)); !errors.Is(err, inbox.ErrNotFound) {
				t.Errorf("revive: got %v, want not found", err)
			}
			if err := s.Drop(t.Context(), issue(1)); !errors.Is(err, inbox.ErrNotFound) {
				t.Errorf("drop: got %v, want not found", err)
			}
			s.bodies(s.claim(1).Deliveries, "a")
		},
	})
}

func testStats(t *testing.T, open Open) {
	s := newStore(t, open)
	check := func(when string, want inbox.Stats) {
		t.Helper()
		got, err := s.Inbox.Stats(t.Context())
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
	check("one buried", inbox.Stats{Issues: 2, Deliveries: 2, Leased: 1, Dead: 1})
	s.done(two, inbox.Result{WakeAt: s.Now().Add(time.Hour)})
	check("one done", inbox.Stats{Issues: 1, Deliveries: 1, Dead: 1})
	s.must("revive", s.Revive(t.Context(), issue(1)))
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
		"accept":  func() error { _, err := s.Accept(ctx, delivery(1, "b")); return err },
		"claim":   func() error { _, err := s.Claim(ctx, 0); return err },
		"extend":  func() error { return s.Extend(ctx, b) },
		"done":    func() error { return s.Done(ctx, b, inbox.Result{}) },
		"retry":   func() error { return s.Retry(ctx, b, 0, "") },
		"release": func() error { return s.Release(ctx, b) },
		"bury":    func() error { return s.Bury(ctx, b, "", nil) },
		"records": func() error { _, err := s.Inbox.Records(ctx, issue(1), 1); return err },
		"recent":  func() error { _, err := s.Recent(ctx, 1); return err },
		"dead":    func() error { _, err := s.Inbox.Dead(ctx, 1); return err },
		"revive":  func() error { return s.Revive(ctx, issue(1)) },
		"drop":    func() error { return s.Drop(ctx, issue(1)) },
		"stats":   func() error { _, err := s.Inbox.Stats(ctx); return err },
		"ping":    func() error { return s.Ping(ctx) },
	} {
		if err := call(); !errors.Is(err, inbox.ErrUnavailable) {
			t.Errorf("%s after close: got %v, want unavailable", name, err)
		}
	}
	s.must("close again", s.Close())
}
