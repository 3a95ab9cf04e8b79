package coordination_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
)

func TestMemory(t *testing.T) {
	coordinationtest.Run(t, func(_ *testing.T, clock *coordinationtest.Clock) coordination.Store {
		return coordination.NewMemory(clock.Now)
	})
}

// store is a coordinator on a store of its own, whose methods fail the test where it does not care for the error.
type store struct {
	*coordination.Coordinator
	*coordinationtest.Clock
	t *testing.T
}

func newStore(t *testing.T) *store {
	t.Helper()
	clock := &coordinationtest.Clock{}
	values := &rivalled{Store: coordination.NewMemory(clock.Now)}
	return &store{Coordinator: coordination.New(values, values, nil), Clock: clock, t: t}
}

// rivalled is a store on which somebody else is quicker now and then: the value is another one, and then the same again.
type rivalled struct {
	coordination.Store
	swaps atomic.Int64
}

func (r *rivalled) CompareAndSwap(ctx context.Context, name string, old, value []byte, ttl time.Duration) (bool, error) {
	if r.swaps.Add(1)%3 == 0 {
		return false, nil
	}
	return r.Store.CompareAndSwap(ctx, name, old, value, ttl)
}

// cases runs named tests, each with a store of its own.
func cases(t *testing.T, all map[string]func(*testing.T, *store)) {
	t.Helper()
	for name, run := range all {
		t.Run(name, func(t *testing.T) { run(t, newStore(t)) })
	}
}

func (s *store) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// TestModel runs random operations of two processes on one store and on a model of it. Times are in whole minutes, so that the time that
// really passes decides nothing.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		clock := &coordinationtest.Clock{}
		m := &model{
			clock: clock, ctx: t.Context(), uses: map[string]modelUse{}, locks: map[string]modelLock{},
			checkpoints: map[string]modelCheckpoint{}, tokens: modelBucket.Burst,
		}
		durable, volatile := coordination.NewMemory(clock.Now), coordination.NewMemory(clock.Now)
		for range 2 {
			m.processes = append(m.processes, coordination.New(&rivalled{Store: durable}, &rivalled{Store: volatile}, nil))
		}
		by := func(do func(*rapid.T)) func(*rapid.T) {
			return func(rt *rapid.T) {
				m.in = rapid.SampledFrom(m.processes).Draw(rt, "process")
				do(rt)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"use": by(m.count), "lock": by(m.lock), "checkpoint": by(m.checkpoint), "take": by(m.take), "lower": by(m.lower), "advance": m.advance,
		})
	})
}

// model is what a store should hold. Times are minutes since the start.
type model struct {
	processes   []*coordination.Coordinator
	in          *coordination.Coordinator
	clock       *coordinationtest.Clock
	ctx         context.Context //nolint:containedctx // the one of the test that runs the model
	now         int
	uses        map[string]modelUse
	locks       map[string]modelLock
	checkpoints map[string]modelCheckpoint

	tokens, filled int  // in the one bucket, at a minute
	taken          bool // from it, at least once
}

func (m *model) advance(t *rapid.T) {
	by := rapid.SampledFrom([]int{1, 1, 1, 2, 5, minutes(coordination.KeepUses), minutes(coordination.KeepCheckpoints)}).Draw(t, "minutes")
	m.now += by
	m.clock.Advance(time.Duration(by) * time.Minute)
}

func minutes(d time.Duration) int { return int(d / time.Minute) }
