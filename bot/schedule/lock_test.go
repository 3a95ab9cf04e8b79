package schedule_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/schedule"
)

func TestReplicasShareTheSweeps(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		for n := range 3 {
			r.start(func(o *schedule.Options) {
				o.Projects = []string{"7"}
				o.Jitter = func() float64 { return float64(n) / 3 }
			})
		}
		r.pass(time.Minute)
		expect(t, "asked at the start", []string{"updated 7"}, r.lab.requests())
		expect(t, "found at the start", []string{"7#1"}, r.found())
		for range 4 {
			r.lab.move(7, 1)
			r.pass(every)
			expect(t, "asked", []string{"updated 7"}, r.lab.requests())
			expect(t, "found", []string{"7#1"}, r.found())
		}
	})
}

// A sweep that takes longer than a lock lasts keeps its lock; when its process dies another one takes over.
func TestSlowSweepKeepsItsLock(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.slow = 5 * time.Minute
		r.lab.move(7, 1)
		first := r.sweeper("7")
		r.sweeper("7")
		r.pass(4 * time.Minute)
		expect(t, "asked", []string{"updated 7"}, r.lab.requests())
		first.stop()
		r.pass(time.Minute)
		expect(t, "asked after the first was stopped", []string{"updated 7"}, r.lab.requests())
		r.pass(5 * time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A process that is stopped just when it takes its lock does not know that it has it, and gives it back all the same.
func TestLockTakenAtTheEndIsGivenBack(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		first := r.start(func(o *schedule.Options) {
			o.Projects = []string{"7"}
			o.Jitter = func() float64 { return 0.5 }
		})
		r.store.set(func() { r.store.locked = func(ctx context.Context) { go first.stop(); <-ctx.Done() } })
		r.pass(2 * time.Second)
		r.sweeper("7")
		r.pass(time.Second)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A process that was killed leaves its lock behind; another one waits it out.
func TestLockOfTheDeadRunsOut(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		if held, err := r.store.TryLock(t.Context(), "sweep", "dead", time.Minute); !held || err != nil {
			t.Fatal(held, err)
		}
		r.sweeper("7")
		expect(t, "at once", nil, r.found())
		r.pass(2 * time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A process that cannot prolong its lock stops: another one may have begun.
func TestSweepWithoutLockStops(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.slow = 5 * time.Minute
		r.lab.move(7, 1)
		r.sweeper("7")
		r.store.set(func() { r.store.failLock = true })
		r.pass(4 * time.Minute)
		r.store.set(func() { r.store.failLock = false })
		r.pass(2 * time.Minute)
		expect(t, "found", nil, r.found())
		r.pass(every)
		expect(t, "found later", []string{"7#1"}, r.found())
	})
}

// One prolongation that fails now and then is no reason to stop.
func TestLockIsProlongedNowAndThen(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.slow = 5 * time.Minute
		r.lab.move(7, 1)
		r.sweeper("7")
		r.pass(10 * time.Second) // locks are prolonged every 20 seconds
		for n := range 12 {
			r.store.set(func() { r.store.failLock = n%2 == 0 })
			r.pass(20 * time.Second)
		}
		r.pass(time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A checkpoint that a process with a wrong clock left behind does not put off the sweeps.
func TestCheckpointFromAWrongClock(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		if err := r.store.SetCheckpoint(t.Context(), "sweep", []byte(now().Add(lookback).Format(time.RFC3339Nano))); err != nil {
			t.Fatal(err)
		}
		r.sweeper("7")
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// An end in the middle of a sweep comes at once, and the next process need not wait for the lock.
func TestStopInTheMiddle(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.slow = time.Minute
		r.lab.move(7, 1)
		began := time.Now()
		p := r.sweeper("7")
		p.stop()
		expect(t, "time to stop", 0, time.Since(began))
		r.pass(time.Second)
		r.lab.slow = 0
		r.sweeper("7")
		expect(t, "found", []string{"7#1"}, r.found())
		if n := r.logs.FilterLevelExact(zap.WarnLevel).Len(); n > 0 {
			t.Errorf("a stop is nothing to warn of, %d warnings: %v", n, r.logs.All())
		}
	})
}
