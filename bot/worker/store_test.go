package worker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/bolt"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// unsure is a store that cannot say for a while who holds a lease.
type unsure struct {
	inbox.Inbox
	left chan struct{}
}

func (u unsure) Holds(ctx context.Context, b *inbox.Batch) error {
	select {
	case <-u.left:
		return errors.New("the store does not answer")
	default:
		return u.Inbox.Holds(ctx, b)
	}
}

// TestStoreTroubleBuriesNothing: it is no fault of the issue that the store does not answer.
// TestStoreTroubleBuriesNothing: that the store cannot say who holds a lease is no fault of the issue.
func TestStoreTroubleBuriesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	store, err := bolt.Open(bolt.Options{Dir: t.TempDir(), Lease: time.Minute, Log: zap.NewNop()})
	b.must(err)
	u := unsure{store, make(chan struct{}, 10)}
	for range 4 {
		u.left <- struct{}{}
	}
	adds := engine.Setting{Rule: triage.Rule{Meta: triage.Meta{ID: "adds", Summary: "s", Section: "s", On: triage.Opened, Mode: triage.Act, MaxMode: triage.Act},
		Decide: func(triage.Input, triage.Options) triage.Verdict {
			return triage.Want("so", triage.AddLabel{Label: "x"})
		}}, Mode: triage.Act}
	pool := worker.New(worker.Options{
		Inbox: u, GitLab: b.viewer, Policy: engine.Policy{Team: triage.NewTeam(triage.TeamConfig{Side: "backend", GroupLabel: "group::ours"}), Settings: []engine.Setting{adds}},
		Self: triage.Person{ID: 1, Username: "x"}, Workers: 1, Lease: time.Minute, Freshness: time.Minute, Attempts: 3, Backoff: time.Millisecond, Drain: time.Second,
		Now: time.Now, Jitter: func() float64 { return 0 }, Log: b.logger(), Registry: prometheus.NewRegistry(),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); pool.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended; b.must(store.Close()) })
	b.inbox = store
	ref := b.open()
	issue, err := b.viewer.Issue(t.Context(), ref)
	b.must(err)
	e := b.opened(ref)
	e.Seen = time.Now()
	body, err := worker.Body{Event: e, Issue: issue}.Encode()
	b.must(err)
	_, err = store.Accept(t.Context(), inbox.Delivery{Issue: ref, Body: body})
	b.must(err)
	for range 3 {
		t.Log(<-b.handled)
	}
	cancel()
	<-ended
	dead, err := store.Dead(t.Context(), 10)
	b.must(err)
	for _, l := range dead {
		t.Errorf("buried: %+v", l.Cause)
	}
}

// TestMissedBeforeDelivered: of two comments in a batch the older one runs first, whichever was delivered.
func TestMissedBeforeDelivered(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	store, err := bolt.Open(bolt.Options{Dir: t.TempDir(), Lease: time.Minute, Log: zap.NewNop()})
	b.must(err)
	var ran []int64
	ping := triage.Command{Name: "ping", Summary: "s", Section: "s", Who: triage.Anyone, Run: func(_ triage.Input, c triage.Call) triage.Outcome {
		ran = append(ran, c.Note)
		return triage.Did("pings")
	}}
	client := b.viewer
	pool := worker.New(worker.Options{
		Inbox: store, GitLab: client, Policy: engine.Policy{Team: triage.NewTeam(triage.TeamConfig{Side: "backend", GroupLabel: "group::ours"}), Commands: []triage.Command{ping}},
		Self: b.people["ann"], Workers: 1, Lease: time.Minute, Freshness: time.Minute, Attempts: 3, Backoff: time.Millisecond, Drain: time.Second, Lookback: time.Hour,
		Now: time.Now, Jitter: func() float64 { return 0 }, Log: b.logger(), Registry: prometheus.NewRegistry(),
	})
	b.inbox = store
	ref, err := b.lab.Open("omar", b.project, sandbox.IssueOptions{Title: "t"})
	b.must(err)
	b.ahead.Store(int64(-10 * time.Second))
	one := b.comment("omar", ref, "/flow ping")
	b.ahead.Store(0)
	two := b.comment("mia", ref, "/flow ping")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); pool.Run(ctx) }()
	t.Cleanup(func() { b.must(store.Close()) })
	e := b.event("mia", triage.Noted)
	e.Note = &triage.Note{ID: two, Text: "/flow ping"}
	e.At = time.Now().Truncate(time.Second)
	b.tell(ref, e, triage.Event{Kind: triage.Swept})
	cancel()
	<-ended
	if want := []int64{one, two}; !slices.Equal(slices.Compact(ran), want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
}
