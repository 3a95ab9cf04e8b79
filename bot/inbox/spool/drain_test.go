package spool_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
)

// What is in the file does not go with the process.
func TestReopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := spool.Options{Path: t.TempDir() + "/made/for/it/spool.db"}
		f := newFake()
		f.become(away)
		r := start(t, f, o)
		r.put(1, "a", "b")
		r.end()
		if _, err := r.Accept(t.Context(), delivery(1, "c")); err == nil {
			t.Error("a closed spool accepted a delivery")
		}

		r = start(t, f, o)
		r.accept(delivery(1, "b"), inbox.Duplicate)
		r.put(1, "c")
		if r.Waiting() != 3 {
			t.Errorf("%d deliveries wait, want 3", r.Waiting())
		}
		r.end()

		f.become(answers)
		r = start(t, f, o)
		r.put(1, "d") // in the spool or behind it
		synctest.Wait()
		r.got(1, "a b c d")
		r.degraded()
		r.end()

		r = start(t, f, o)
		if r.Waiting() != 0 {
			t.Errorf("%d deliveries wait after all were handed over, want none", r.Waiting())
		}
		r.end()
	})
}

// An issue that the inbox does not take holds up no other: not in the file, and not those that come later.
func TestOneIssueFails(t *testing.T) {
	for _, m := range []mood{away, hangs, refuses} {
		t.Run(string(m), func(t *testing.T) {
			inBubble(t, spool.Options{}, func(t *testing.T, r *rig) {
				r.inbox.become(away)
				r.put(1, "a", "b")
				r.put(2, "x")
				r.inbox.becomeFor(1, m)
				r.inbox.become(answers)
				wait(10 * time.Second)
				r.got(2, "x")
				from := time.Now()
				r.put(2, "y")
				r.put(3, "z")
				r.got(2, "x y")
				r.got(3, "z")
				if took := time.Since(from); took != 0 {
					t.Errorf("the other issues took %s, want them to go straight", took)
				}
				r.put(1, "c")
				r.got(1, "")
				r.degraded("Redis does not take what there is for 7#1", "3 deliveries wait")

				r.inbox.becomeFor(1, answers)
				wait(10 * time.Second)
				r.got(1, "a b c")
				r.degraded()
			})
		})
	}
}

// Many who write to one issue must not keep its deliveries in the spool for ever, although those are handed over one by one.
func TestCatchesUp(t *testing.T) {
	const clients, before, during = 64, 500, 50
	synctest.Test(t, func(t *testing.T) {
		f := &slow{fake: newFake(), takes: time.Millisecond}
		f.become(away)
		s, err := spool.Open(spool.Options{Inbox: f, Path: t.TempDir() + "/spool.db"})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		accept := func(name string, n int) {
			for c := range clients {
				group.Go(func() {
					for i := range n {
						if _, err := s.Accept(t.Context(), delivery(1, fmt.Sprint(name, c, "-", i))); err != nil {
							t.Errorf("accepting: %v", err)
						}
					}
				})
			}
		}
		accept("before", before/clients)
		group.Wait()
		f.become(answers)
		var run sync.WaitGroup
		run.Go(func() { s.Run(t.Context()) })
		wait(spool.DefaultProbe)

		accept("during", during)
		for range 10 {
			wait(time.Second)
		}
		if s.Waiting() != 0 || s.Degraded() != nil {
			t.Errorf("%d deliveries wait, %v", s.Waiting(), s.Degraded())
		}
		group.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		run.Wait()
		if got, want := len(f.all()), before/clients*clients+during*clients; got != want {
			t.Errorf("the inbox got %d deliveries, want %d", got, want)
		}
	})
}
