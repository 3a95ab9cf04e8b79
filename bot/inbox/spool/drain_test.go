package spool_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
)

// What is in the file does not go with the process.
func TestReopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := spool.Options{Dir: t.TempDir() + "/made/for/it"}
		f := newFake()
		f.become(away)
		r := start(t, f, o)
		r.put(1, "a", "b")
		r.end()
		if _, err := r.Enqueue(t.Context(), delivery(1, "c")); err == nil {
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

// What the end of the process breaks off is no evidence against the inbox.
func TestClosedWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		dir, f := t.TempDir(), newFake()
		f.become(away)
		r := start(t, f, spool.Options{Dir: dir})
		r.put(1, "a")
		r.end()

		tried := f.tried()
		f.become(hangs)
		r = start(t, f, spool.Options{Dir: dir, Log: zap.New(core)})
		synctest.Wait()
		if f.tried() == tried {
			t.Fatal("the inbox was not tried")
		}
		r.end()
		if logs.Len() > 0 {
			t.Errorf("it logged %v, want nothing", logs.All())
		}
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
					t.Errorf("the other issues took %s, want them to go directly", took)
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

// Many who go on writing to one issue must not keep its deliveries in the spool for ever, although those are handed over one by one and
// writing to the file takes no time at all here.
func TestCatchesUp(t *testing.T) {
	const clients, before = 16, 128
	synctest.Test(t, func(t *testing.T) {
		f := &slow{fake: newFake(), takes: time.Millisecond}
		f.become(away)
		s, err := spool.Open(spool.Options{Inbox: f, Dir: t.TempDir(), Max: 2 * before})
		if err != nil {
			t.Fatal(err)
		}
		for n := range before {
			if _, err := s.Enqueue(t.Context(), delivery(1, fmt.Sprint("before ", n))); err != nil {
				t.Fatal(err)
			}
		}
		f.become(answers)
		var group sync.WaitGroup
		group.Go(func() { s.Run(t.Context()) })
		wait(spool.DefaultProbe + 10*time.Millisecond) // it is in the middle of them
		if n := s.Waiting(); n == 0 || n == before {
			t.Fatalf("%d deliveries wait, want some of %d", n, before)
		}
		stop := make(chan struct{})
		var accepted atomic.Int64
		for c := range clients {
			group.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := s.Enqueue(t.Context(), delivery(1, fmt.Sprint("during ", c, " ", n))); err != nil {
						t.Errorf("accepting: %v", err)
						return
					}
					accepted.Add(1)
				}
			})
		}
		wait(time.Second)
		if s.Waiting() != 0 || s.Degraded() != nil {
			t.Errorf("%d deliveries wait: %v", s.Waiting(), s.Degraded())
		}
		close(stop)
		wait(time.Second)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		group.Wait()
		if got, want := len(f.all()), before+int(accepted.Load()); got != want {
			t.Errorf("the inbox got %d deliveries, want %d", got, want)
		}
	})
}

// The same promises as in TestProperty, with everything at the same time: writers, the file, the drain and an inbox that fails now and then.
func TestConcurrent(t *testing.T) {
	const issues, each, inARow = 16, 200, 40
	f := &flaky{fake: newFake(), inARow: inARow}
	s, err := spool.Open(spool.Options{Inbox: f, Dir: t.TempDir(), Probe: 100 * time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run, clients sync.WaitGroup
	run.Go(func() { s.Run(ctx) })
	played := script{clients: make([][]time.Duration, issues)}
	for i := range issues {
		played.clients[i] = make([]time.Duration, each)
		issue := int64(i + 1)
		clients.Go(func() {
			for n := range each {
				id := fmt.Sprint(issue, "-", n)
				if outcome, err := s.Enqueue(t.Context(), delivery(issue, id)); err != nil || outcome != inbox.Stored {
					t.Errorf("accepting %s: got %s, %v", id, outcome, err)
				}
				if outcome, err := s.Enqueue(t.Context(), delivery(issue, id)); err != nil {
					t.Errorf("accepting %s again: got %s, %v", id, outcome, err)
				}
			}
		})
	}
	clients.Wait()
	f.become(answers)
	f.steady.Store(true)
	recovered(t, s)
	for i := range issues { // nothing is left that holds them back
		before := len(f.all())
		id := fmt.Sprint(i+1, "-", each)
		played.clients[i] = append(played.clients[i], 0)
		if _, err := s.Enqueue(t.Context(), delivery(int64(i+1), id)); err != nil || len(f.all()) != before+1 {
			t.Errorf("accepting %s: %v, or it did not go directly", id, err)
		}
	}
	cancel()
	run.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, p := range played.wrong(f.all()) {
		t.Error(p)
	}
}
