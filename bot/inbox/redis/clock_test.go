package redis_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

// step moves the server's clock, as the store sees it: by how far it stands from where the store saw it last.
func step(t *testing.T, c *goredis.Client, prefix string, d time.Duration) {
	t.Helper()
	const move = `if redis.call('HEXISTS', KEYS[1], 'ticks') == 1 then redis.call('HINCRBY', KEYS[1], 'ticks', ARGV[1]) end return 1`
	if err := c.Eval(context.WithoutCancel(t.Context()), move, []string{prefix + ":{inbox}:2:numbers"}, -d.Milliseconds()).Err(); err != nil {
		t.Errorf("moving the clock: %v", err)
	}
}

// restless is a store whose server's clock is an hour or a day off, and back again, at each call that depends on it.
type restless struct {
	*redis.Store
	calls atomic.Int64
	step  func(time.Duration)
}

func (s *restless) move() {
	steps := []time.Duration{time.Hour, -time.Hour, -24 * time.Hour, 24 * time.Hour}
	s.step(steps[s.calls.Add(1)%int64(len(steps))])
}

func (s *restless) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	s.move()
	return s.Store.Enqueue(ctx, d)
}

func (s *restless) Claim(ctx context.Context, wait time.Duration) (*inbox.Batch, error) {
	s.move()
	return s.Store.Claim(ctx, wait)
}

func (s *restless) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	s.move()
	return s.Store.Complete(ctx, b, r)
}

func (s *restless) Retry(ctx context.Context, b *inbox.Batch, delay time.Duration, cause string) error {
	s.move()
	return s.Store.Retry(ctx, b, delay, cause)
}

func (s *restless) Extend(ctx context.Context, b *inbox.Batch) error {
	s.move()
	return s.Store.Extend(ctx, b)
}

func (s *restless) Get(ctx context.Context, name string) ([]byte, time.Time, error) {
	s.move()
	return s.Store.Get(ctx, name)
}

func (s *restless) CompareAndSwap(ctx context.Context, name string, old, value []byte, ttl time.Duration) (bool, error) {
	s.move()
	return s.Store.CompareAndSwap(ctx, name, old, value, ttl)
}

// A store owes the same whatever the server's clock does.
func TestConformanceWithRestlessServer(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	c := client(t, server)
	var stores atomic.Int64
	inboxtest.Run(t, func(t *testing.T, o inboxtest.Options) inboxtest.Store {
		prefix := fmt.Sprint("test", stores.Add(1))
		return &restless{Store: openBounded(t, server, prefix, o), step: func(d time.Duration) { step(t, c, prefix, d) }}
	})
	t.Run("Coordination", func(t *testing.T) {
		coordinationtest.Run(t, func(t *testing.T, clock *coordinationtest.Clock) coordination.Store {
			prefix := fmt.Sprint("values", stores.Add(1))
			return &restless{Store: open(t, server, prefix, clock), step: func(d time.Duration) { step(t, c, prefix, d) }}
		})
	})
}

// Two replicas, one of them an hour behind or ahead. No issue is lost to both, or waits longer than by the clock of whoever asks.
func TestReplicasDisagree(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			server, right, wrong := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}, &inboxtest.Clock{}
			wrong.Advance(off)
			a, b, c := open(t, server, "p", right), open(t, server, "p", wrong), client(t, server)
			// pass lets time pass for all, while somebody asks now and then. No test waits for less than half a minute of it, so
			// that the time that really passes does not matter. The clocks cut milliseconds off, each its own, so a few more pass.
			pass := func(d time.Duration) {
				t.Helper()
				const most = 30 * time.Second
				for d += 5 * time.Millisecond; d > 0; d -= most {
					some := min(d, most)
					right.Advance(some)
					wrong.Advance(some)
					step(t, c, "p", some)
					if _, err := a.Stats(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			claim := func(s *redis.Store, want bool) *inbox.Batch {
				t.Helper()
				got, err := s.Claim(t.Context(), 0)
				if err != nil || (got != nil) != want {
					t.Fatalf("claiming: got %v, %v, want a batch: %t", got, err, want)
				}
				return got
			}
			claim(a, false)
			claim(b, false)

			// A delay that one began ends for both.
			for n, s := range []*redis.Store{a, b} {
				other := []*redis.Store{b, a}[n]
				d := delivery(1, fmt.Sprint("delayed ", n))
				d.Delay = 10 * time.Minute
				accept(t, s, d)
				pass(9 * time.Minute)
				claim(a, false)
				claim(b, false)
				pass(time.Minute)
				batch := claim(other, true)
				if age := []*inboxtest.Clock{wrong, right}[n].Now().Sub(batch.Deliveries[0].EnqueuedAt); age < 10*time.Minute || age > 11*time.Minute {
					t.Errorf("it was accepted %s ago by the clock of whoever claimed it, want 10m", age)
				}
				// A lease keeps the other away for as long as it lasts. Then that one has the issue alone.
				claim(s, false)
				pass(inboxtest.Lease / 2)
				claim(s, false)
				pass(inboxtest.Lease / 2)
				again := claim(s, true)
				if again.FencingToken <= batch.FencingToken {
					t.Errorf("token %d came after %d", again.FencingToken, batch.FencingToken)
				}
				if err := other.Complete(t.Context(), batch, inbox.Result{}); !errors.Is(err, inbox.ErrLeaseLost) {
					t.Errorf("done with the old lease: %v, want it lost", err)
				}
				// A wake-up is meant by the clock of whoever sets it, and is not due over and over before.
				clock := []*inboxtest.Clock{right, wrong}[n]
				if err := s.Complete(t.Context(), again, inbox.Result{WakeAt: clock.Now().Add(20 * time.Minute)}); err != nil {
					t.Fatal(err)
				}
				pass(19 * time.Minute)
				claim(a, false)
				claim(b, false)
				pass(time.Minute)
				if err := other.Complete(t.Context(), claim(other, true), inbox.Result{}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A fleet that was down while the server's clock was put back finds due what is due by its own clock.
func TestServerStepsBackWhileNobodyAsks(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s, c := open(t, server, "p", clock), client(t, server)
	d := delivery(1, "a")
	d.Delay = 10 * time.Minute
	accept(t, s, d)
	step(t, c, "p", -50*time.Minute) // instead of ten minutes on
	clock.Advance(10 * time.Minute)
	if b, err := s.Claim(t.Context(), 0); err != nil || b == nil {
		t.Errorf("claiming: got %v, %v, want the issue", b, err)
	}
}
