package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

func TestConformance(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	var stores atomic.Int64
	inboxtest.Run(t, func(t *testing.T, o inboxtest.Options) inboxtest.Store {
		return openBounded(t, server, "test"+strconv.FormatInt(stores.Add(1), 10), o)
	})
}

func TestCoordination(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	var stores atomic.Int64
	coordinationtest.Run(t, func(t *testing.T, clock *coordinationtest.Clock) coordination.Store {
		return open(t, server, "test"+strconv.FormatInt(stores.Add(1), 10), clock)
	})
}

func open(t *testing.T, server *redistest.Server, prefix string, clock *inboxtest.Clock) *redis.Store {
	t.Helper()
	return openBounded(t, server, prefix, inboxtest.Options{Clock: clock})
}

func openBounded(t *testing.T, server *redistest.Server, prefix string, o inboxtest.Options) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), redis.Options{
		URL: server.URL(), Prefix: prefix, Lease: inboxtest.Lease, Now: o.Clock.Now, MaxDeliveries: o.MaxDeliveries,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// client talks to the server beside the store.
func client(t testing.TB, server *redistest.Server) *goredis.Client {
	t.Helper()
	options, err := goredis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func delivery(iid int64, key string) inbox.Delivery {
	return inbox.Delivery{Issue: triage.Ref{Project: 1, IID: iid}, IdempotencyKey: key, Body: []byte(key)}
}

// accept wants the delivery stored.
func accept(t *testing.T, s *redis.Store, d inbox.Delivery) {
	t.Helper()
	if got, err := s.Enqueue(t.Context(), d); err != nil || got != inbox.Stored {
		t.Fatalf("accepting: got %s, %v, want it stored", got, err)
	}
}

func TestAnotherReplica(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	filled := inboxtest.Fill(t, open(t, server, "p", clock), clock)
	filled.Check(t, open(t, server, "p", clock))
}

func TestAnotherPrefix(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	accept(t, open(t, server, "one", clock), delivery(1, "a"))
	if b, err := open(t, server, "two", clock).Claim(t.Context(), 0); err != nil || b != nil {
		t.Errorf("claiming with another prefix: got %+v, %v, want nothing", b, err)
	}
}

// An idle replica finds what another one accepted, without being told.
func TestClaimFromAnotherReplica(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	idle, other := open(t, server, "p", clock), open(t, server, "p", clock)
	claimed := make(chan *inbox.Batch, 1)
	go func() {
		b, err := idle.Claim(t.Context(), time.Minute)
		if err != nil {
			t.Errorf("claiming: %v", err)
		}
		claimed <- b
	}()
	accept(t, other, delivery(1, "a"))
	if b := testkit.Receive(t, "the idle replica to claim", claimed); b == nil || len(b.Deliveries) != 1 {
		t.Errorf("got %+v, want one delivery", b)
	}
}

// What was answered is there after the server was killed.
func TestKilledServer(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{AppendFsync: "always"}), &inboxtest.Clock{}
	s := open(t, server, "p", clock)
	filled := inboxtest.Fill(t, s, clock)
	server.Kill()
	for name, call := range map[string]func() error{
		"accept": func() error { _, err := s.Enqueue(t.Context(), delivery(9, "lost")); return err },
		"claim":  func() error { _, err := s.Claim(t.Context(), time.Minute); return err },
		"ping":   func() error { return s.Ping(t.Context()) },
	} {
		if err := call(); !errors.Is(err, inbox.ErrUnavailable) {
			t.Errorf("%s without a server: got %v, want unavailable", name, err)
		}
	}
	server.Restart()
	filled.Check(t, s)
}

// Accepts go on while the server is killed and started again: whoever has an answer finds the delivery, whoever has none may repeat it.
func TestKilledDuringAccepts(t *testing.T) {
	const clients, each = 8, 200
	server, clock := redistest.Start(t, redistest.Options{AppendFsync: "always"}), &inboxtest.Clock{}
	s := open(t, server, "p", clock)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var answered atomic.Int64
	half := make(chan struct{})
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for n := range each {
				d := delivery(int64(c+1), fmt.Sprint(c, " ", n))
				for {
					_, err := s.Enqueue(ctx, d)
					if err == nil {
						break
					}
					if !errors.Is(err, inbox.ErrUnavailable) || ctx.Err() != nil {
						t.Errorf("accepting: %v", err)
						return
					}
				}
				if answered.Add(1) == clients*each/2 {
					close(half)
				}
			}
		})
	}
	testkit.Receive(t, "half of the accepts to be answered", half)
	server.Kill()
	server.Restart()
	group.Wait()
	for range clients {
		b, err := s.Claim(t.Context(), 0)
		if err != nil || b == nil {
			t.Fatalf("claiming: got %v, %v", b, err)
		}
		for n, d := range b.Deliveries {
			if want := fmt.Sprint(b.Issue.IID-1, " ", n); string(d.Body) != want {
				t.Fatalf("delivery %d of %s is %q, want %q", n, b.Issue, d.Body, want)
			}
		}
		if len(b.Deliveries) != each {
			t.Errorf("%s has %d deliveries, want %d", b.Issue, len(b.Deliveries), each)
		}
	}
}

// A server that forgets the scripts, as after a restart or failover, is given them again.
func TestForgottenScripts(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s, c := open(t, server, "p", clock), client(t, server)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for n := range 50 {
				if g == 0 {
					if err := c.ScriptFlush(t.Context()).Err(); err != nil {
						t.Errorf("flushing scripts: %v", err)
					}
				}
				if got, err := s.Enqueue(t.Context(), delivery(1, fmt.Sprint(g, " ", n))); err != nil || got != inbox.Stored {
					t.Errorf("accepting: got %s, %v, want it stored", got, err)
				}
			}
		})
	}
	group.Wait()
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil || len(b.Deliveries) != 400 {
		t.Fatalf("claiming: got %v, want 400 deliveries", err)
	}
	if err := c.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(t.Context(), b, inbox.Result{}); err != nil {
		t.Error(err)
	}
}

// An emptied store has forgotten its leases, and gives no token a second time.
func TestFlushed(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s, c := open(t, server, "p", clock), client(t, server)
	accept(t, s, delivery(1, "a"))
	old, err := s.Claim(t.Context(), 0)
	if err != nil || old == nil {
		t.Fatalf("claiming: got %v, %v", old, err)
	}
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(t.Context(), old, inbox.Result{Record: []byte("r")}); !errors.Is(err, inbox.ErrLeaseLost) {
		t.Errorf("done: got %v, want the lease lost", err)
	}
	accept(t, s, delivery(1, "a"))
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil || b.FencingToken <= old.FencingToken {
		t.Fatalf("claiming again: got %+v, %v, want a token above %d", b, err, old.FencingToken)
	}
	if err := s.Retry(t.Context(), old, 0, "late"); !errors.Is(err, inbox.ErrLeaseLost) {
		t.Errorf("retry with the old token: got %v, want the lease lost", err)
	}
}

// What is handled leaves nothing behind but what is meant to be kept.
func TestLeavesNothing(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s, c := open(t, server, "p", clock), client(t, server)
	for n := range int64(20) {
		accept(t, s, delivery(n+1, ""))
	}
	for range 20 {
		b, err := s.Claim(t.Context(), 0)
		if err != nil || b == nil {
			t.Fatalf("claiming: got %v, %v", b, err)
		}
		if err := s.Complete(t.Context(), b, inbox.Result{}); err != nil {
			t.Fatal(err)
		}
	}
	left, err := c.Keys(t.Context(), "*").Result()
	slices.Sort(left)
	if want := []string{"p:{inbox}:2:numbers", "p:{inbox}:2:projects", "p:{inbox}:2:touched:1"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("keys left: %q, %v, want %q", left, err, want)
	}

	d := delivery(1, "a")
	d.ContentKey = "m"
	accept(t, s, d)
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil {
		t.Fatalf("claiming: got %v, %v", b, err)
	}
	if err := s.Complete(t.Context(), b, inbox.Result{Memory: []byte("m")}); err != nil {
		t.Fatal(err)
	}
	for pattern, keep := range map[string]time.Duration{
		"p:{inbox}:2:idempotency:*": inbox.KeepIdempotencyKeys, "p:{inbox}:2:content:*": inbox.KeepContentKeys, "p:{inbox}:2:memory:*": inbox.KeepMemory,
	} {
		names, err := c.Keys(t.Context(), pattern).Result()
		if err != nil || len(names) != 1 {
			t.Fatalf("keys like %s: %q, %v, want one", pattern, names, err)
		}
		if ttl := c.PTTL(t.Context(), names[0]).Val(); ttl <= keep-time.Hour || ttl > keep {
			t.Errorf("%s expires in %s, want %s", names[0], ttl, keep)
		}
	}
}

func TestCluster(t *testing.T) {
	server := redistest.Start(t, redistest.Options{Args: []string{"--cluster-enabled", "yes"}})
	c := client(t, server)
	if err := c.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the node finds the cluster complete", func() bool {
		return strings.Contains(c.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	clock := &inboxtest.Clock{}
	filled := inboxtest.Fill(t, open(t, server, "p", clock), clock)
	filled.Check(t, open(t, server, "p", clock))
}

// A server that does not answer is an error within the caller's time.
func TestFrozenServer(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	s := open(t, server, "p", clock)
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	d := delivery(1, "a")
	if _, err := s.Enqueue(ctx, d); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("accepting: got %v, want unavailable", err)
	}
	if err := s.Ping(ctx); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("pinging: got %v, want unavailable", err)
	}
	server.Continue()
	if _, err := s.Enqueue(t.Context(), d); err != nil && !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("accepting again: %v", err)
	}
	b, err := s.Claim(t.Context(), time.Minute)
	if err != nil || b == nil || len(b.Deliveries) != 1 {
		t.Errorf("claiming: got %+v, %v, want one delivery, whichever accept stored it", b, err)
	}
}
