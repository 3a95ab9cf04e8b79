package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/rules/triage"
)

// operation is what the store does with one script. prepare is done with all rights and returns the operation itself.
type operation struct {
	script  string
	leased  bool // it is fenced, so nobody else may handle the issue before it is repeated
	prepare func(t *testing.T, s *redis.Store) func(*redis.Store) error
}

var operations = map[string]operation{
	"accept": {script: "enqueue", prepare: func(*testing.T, *redis.Store) func(*redis.Store) error {
		return acceptOnce(twin(1, "a", "meaning a"))
	}},
	"accept one more": {script: "enqueue", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		accept(t, s, twin(1, "a", "meaning a"))
		return acceptOnce(twin(1, "b", "meaning b"))
	}},
	"accept by key alone": {script: "enqueue", prepare: func(*testing.T, *redis.Store) func(*redis.Store) error {
		return acceptOnce(delivery(1, "a"))
	}},
	"accept a twin": {script: "enqueue", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		accept(t, s, twin(1, "a", "meaning"))
		return acceptOnce(twin(1, "b", "meaning"))
	}},
	"accept under a lease": {script: "enqueue", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		held(t, s)
		return acceptOnce(twin(1, "more", "meaning"))
	}},
	"claim": {script: "claim", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		accept(t, s, delivery(1, "a"))
		return func(s *redis.Store) error {
			b, err := s.Claim(t.Context(), 0)
			if err != nil {
				return err
			}
			if b == nil || b.Attempt != 1 {
				return fmt.Errorf("claimed %+v, want attempt 1", b)
			}
			return nil
		}
	}},
	"claim what was revived": {script: "claim", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		accept(t, s, delivery(1, "more"))
		b := claimed(t, s)
		if err := errors.Join(s.Redrive(t.Context(), b.Issue), s.Requeue(t.Context(), b)); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { _, err := s.Claim(t.Context(), 0); return err }
	}},
	"holds": finish("check_lease", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error { return s.CheckLease(ctx, b) }),
	"extend": finish("extend", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Extend(ctx, b)
	}),
	"remember": finish("save_memory", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.SaveMemory(ctx, b, []byte("memory"))
	}),
	"done": finish("complete", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Complete(ctx, b, inbox.Result{})
	}),
	"done with everything": finish("complete", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Complete(ctx, b, inbox.Result{Memory: []byte("memory"), Record: []byte("record"), WakeAt: time.Now().Add(time.Hour)})
	}),
	"done while more waits": {script: "complete", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		b := held(t, s)
		accept(t, s, delivery(1, "more"))
		return func(s *redis.Store) error { return s.Complete(t.Context(), b, inbox.Result{Record: []byte("record")}) }
	}},
	"done after many": {script: "complete", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		for n := range inbox.RecordsPerIssue {
			if err := s.Complete(t.Context(), held(t, s), inbox.Result{Record: fmt.Append(nil, n)}); err != nil {
				t.Fatal(err)
			}
		}
		b := held(t, s)
		return func(s *redis.Store) error { return s.Complete(t.Context(), b, inbox.Result{Record: []byte("record")}) }
	}},
	"retry": finish("retry", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Retry(ctx, b, time.Minute, "cause")
	}),
	"release": finish("requeue", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error { return s.Requeue(ctx, b) }),
	"bury": finish("dead_letter", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.DeadLetter(ctx, b, "cause", nil)
	}),
	"bury with a record": finish("dead_letter", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.DeadLetter(ctx, b, "cause", []byte("record"))
	}),
	"revive": {script: "redrive", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		return func(s *redis.Store) error { return s.Redrive(t.Context(), delivery(1, "").Issue) }
	}},
	"revive what waits": {script: "redrive", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		accept(t, s, delivery(1, "more"))
		return func(s *redis.Store) error { return s.Redrive(t.Context(), delivery(1, "").Issue) }
	}},
	"revive what was only woken": {script: "redrive", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{WakeAt: time.Now().Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if err := s.DeadLetter(t.Context(), claimed(t, s), "cause", nil); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { return s.Redrive(t.Context(), delivery(1, "").Issue) }
	}},
	"drop": {script: "drop_dead_letter", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		return func(s *redis.Store) error { return s.DropDeadLetter(t.Context(), delivery(1, "").Issue) }
	}},
	"rate limit": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		permit, err := c.RateLimit(ctx, firstUse)
		if err == nil && !permit.Allowed {
			err = errors.New("the first use was refused")
		}
		return err
	}),
	"rate limit too many": {script: "swap", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if _, err := coordinator(s).RateLimit(t.Context(), firstUse); err != nil {
			t.Fatal(err)
		}
		use := firstUse
		use.ID = "2"
		return func(s *redis.Store) error {
			permit, err := coordinator(s).RateLimit(t.Context(), use)
			if err == nil && permit.Allowed {
				err = errors.New("the second use was allowed")
			}
			return err
		}
	}},
	"try lock": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		held, err := c.TryLock(ctx, "sweep", "a", time.Minute)
		if err == nil && !held {
			err = errors.New("the free lock was refused")
		}
		return err
	}),
	"set checkpoint": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		return c.SetCheckpoint(ctx, "m", []byte("value"))
	}),
	"forget checkpoint": {script: "swap", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := coordinator(s).SetCheckpoint(t.Context(), "m", []byte("value")); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { return coordinator(s).SetCheckpoint(t.Context(), "m", nil) }
	}},
	"checkpoint": coordinate("get", func(ctx context.Context, c *coordination.Coordinator) error {
		_, err := c.Checkpoint(ctx, "m")
		return err
	}),
	"take tokens": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		wait, _, err := c.TakeTokens(ctx, bucket, bucket.Burst)
		if err == nil && wait != 0 {
			err = fmt.Errorf("the full bucket gave nothing for %s", wait)
		}
		return err
	}),
	"lower": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error { return c.LowerTo(ctx, bucket.Name, 1) }),
	"projects": {script: "projects", prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { _, err := s.Projects(t.Context()); return err }
	}},
	"touch projects": {script: "touch_projects", prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { return s.TouchProjects(t.Context(), []int64{5, 6}) }
	}},
	"recent": {script: "records", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{Record: []byte("record")}); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { _, err := s.RecentRecords(t.Context(), 9); return err }
	}},
	"memories": {script: "memories", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{Memory: []byte("memory")}); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error {
			_, err := s.Memories(t.Context(), []triage.Ref{delivery(1, "").Issue})
			return err
		}
	}},
	"records": {script: "records", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{Record: []byte("record")}); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { _, err := s.Records(t.Context(), delivery(1, "").Issue, 9); return err }
	}},
	"dead": {script: "dead_letters", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		return func(s *redis.Store) error { _, err := s.DeadLetters(t.Context(), 9); return err }
	}},
	"stats": {script: "stats", prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { _, err := s.Stats(t.Context()); return err }
	}},
}

var (
	bucket   = coordination.Bucket{Name: "b", Rate: 0.001, Burst: 3}
	firstUse = coordination.Use{Who: "7", ID: "1", Limit: 1, Window: time.Hour}
)

// coordinator is a process of its own on the store.
func coordinator(s *redis.Store) *coordination.Coordinator { return coordination.New(s, s, s) }

func coordinate(script string, do func(context.Context, *coordination.Coordinator) error) operation {
	return operation{script: script, prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { return do(t.Context(), coordinator(s)) }
	}}
}

func twin(iid int64, key, meaning string) inbox.Delivery {
	d := delivery(iid, key)
	d.ContentKey = meaning
	return d
}

func acceptOnce(d inbox.Delivery) func(*redis.Store) error {
	return func(s *redis.Store) error { _, err := s.Enqueue(context.Background(), d); return err }
}

// held leases an issue with one delivery and a wake-up that is due.
func held(t *testing.T, s *redis.Store) *inbox.Batch {
	t.Helper()
	accept(t, s, twin(1, "", ""))
	b := claimed(t, s)
	if err := s.Complete(t.Context(), b, inbox.Result{WakeAt: time.Now().Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	d := twin(1, "", "")
	d.Body = []byte("a")
	accept(t, s, d)
	return claimed(t, s)
}

func claimed(t *testing.T, s *redis.Store) *inbox.Batch {
	t.Helper()
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil {
		t.Fatalf("claiming: got %v, %v, want a batch", b, err)
	}
	return b
}

func buried(t *testing.T, s *redis.Store) {
	t.Helper()
	if err := s.DeadLetter(t.Context(), held(t, s), "cause", nil); err != nil {
		t.Fatal(err)
	}
}

func finish(script string, do func(context.Context, *redis.Store, *inbox.Batch) error) operation {
	return operation{script: script, leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		b := held(t, s)
		return func(s *redis.Store) error { return do(t.Context(), s, b) }
	}}
}
