package budget_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
)

// Without its store a process goes on at the full rate, says so once, and shares again when the store is back.
func TestStoreAway(t *testing.T) {
	for name, mood := range map[string]mood{"refuses": away, "hangs": hangs} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zap.InfoLevel)
				s := newStore()
				b := newBudget(t, budget.Options{Store: s, PerMinute: 600, Log: zap.New(core)})
				var p passes
				var done sync.WaitGroup
				ctx := ends(t, 4*time.Minute)
				done.Go(func() { flood(ctx, 3, b, false, &p) })
				pass(time.Minute)
				s.be(mood)
				before := p.count()
				pass(time.Minute)
				if got := p.count() - before; got < 590 {
					t.Errorf("%d calls in a minute without the store, want 600", got)
				}
				s.be(answers)
				done.Wait()
				if got := p.busiest(); got > 700 {
					t.Errorf("%d calls in a minute, want 700 at most", got)
				}
				var said []string
				for _, e := range logs.All() {
					said = append(said, e.Level.String()+" "+e.Message)
				}
				want := []string{
					"warn the store of the GitLab budget does not answer; this process keeps to the whole budget by itself",
					"info the budget of GitLab calls is shared again",
				}
				if d := cmp.Diff(want, said); d != "" {
					t.Errorf("log (-want +got):\n%s", d)
				}
			})
		})
	}
}

// A store that was emptied has a full bucket; a process that knows better goes on as before.
func TestStoreEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStore()
		one := newBudget(t, budget.Options{Store: b, PerMinute: 600})
		var p passes
		var done sync.WaitGroup
		ctx := ends(t, 3*time.Minute)
		done.Go(func() { flood(ctx, 3, one, false, &p) })
		for range 10 {
			pass(15 * time.Second)
			b.empty()
		}
		done.Wait()
		if got := p.busiest(); got > 700 {
			t.Errorf("%d calls in a minute, want 700 at most", got)
		}
	})
}

// Replicas whose clocks differ make as many calls together as others do.
func TestClocksDiffer(t *testing.T) {
	for replicas, most := range map[int]time.Duration{2: 100 * time.Millisecond, 4: time.Second} {
		t.Run(fmt.Sprint(replicas, " replicas, ", most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				values := coordination.NewMemory(time.Now)
				ctx := ends(t, 2*time.Minute)
				var p passes
				var done sync.WaitGroup
				for i := range replicas {
					s := coordinationtest.Skewed{Store: values, Ahead: most * time.Duration(i) / time.Duration(replicas-1)}
					b := newBudget(t, budget.Options{Store: coordination.New(s, s, nil), PerMinute: 1500})
					done.Go(func() { flood(ctx, 1, b, false, &p) })
				}
				pass(time.Minute)
				before := p.count()
				pass(time.Minute)
				if got := p.count() - before; got < 1450 || got > 1520 {
					t.Errorf("%d calls in a minute, want 1,500", got)
				}
				done.Wait()
			})
		})
	}
}

// Who stops waiting while the store is slow says nothing about the store.
func TestStoreIsNotJudgedByTheImpatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		s := newStore()
		s.be(hangs)
		b := newBudget(t, budget.Options{Store: s, Log: zap.New(core)})
		if err := b.Wait(ends(t, 100*time.Millisecond), false); err == nil {
			t.Error("a call was let through after its context had ended")
		}
		if n := logs.Len(); n > 0 {
			t.Errorf("%d lines in the log, want none: %s", n, logs.All()[0].Message)
		}
	})
}
