package spool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// mood is how the fake inbox takes a delivery.
type mood string

const (
	answers mood = "answers"
	away    mood = "away"    // refuses at once
	lossy   mood = "lossy"   // stores, but the answer is lost
	hangs   mood = "hangs"   // answers nothing and stores nothing
	late    mood = "late"    // answers nothing, stores after the caller has gone
	refuses mood = "refuses" // an error that is none of the store's
)

// fake is an inbox in memory. It is in one mood, and may be in another for single issues.
type fake struct {
	mu    sync.Mutex
	mood  mood
	moods map[int64]mood // by issue
	tries int
	got   []inbox.Delivery // in the order in which they were stored, duplicates too
	seen  map[string]bool
	late  []chan struct{} // each closed when a late delivery is stored
}

func newFake() *fake {
	return &fake{mood: answers, moods: map[int64]mood{}, seen: map[string]bool{}}
}

func (f *fake) become(m mood) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mood = m
}

func (f *fake) becomeFor(issue int64, m mood) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moods[issue] = m
}

// lateness is how long after its caller a late delivery is stored.
const lateness = 700 * time.Millisecond

func (f *fake) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	f.mu.Lock()
	f.tries++
	m := f.mood
	if own, ok := f.moods[d.Issue.IID]; ok {
		m = own
	}
	f.mu.Unlock()
	switch m {
	case answers:
	case away:
		return "", fmt.Errorf("fake: %w: connection refused", inbox.ErrUnavailable)
	case lossy:
		f.store(d)
		return "", fmt.Errorf("fake: %w: connection reset", inbox.ErrUnavailable)
	case hangs:
		<-ctx.Done()
		return "", ctx.Err()
	case late:
		<-ctx.Done()
		f.storeLate(d)
		return "", fmt.Errorf("fake: %w: %w", inbox.ErrUnavailable, ctx.Err())
	case refuses:
		return "", errors.New("fake: not this one")
	}
	return f.store(d), ctx.Err()
}

// storeLate stores a delivery after its caller has gone. Callers may come while somebody waits for earlier ones, which a WaitGroup does not
// allow.
func (f *fake) storeLate(d inbox.Delivery) {
	stored := make(chan struct{})
	f.mu.Lock()
	f.late = append(f.late, stored)
	f.mu.Unlock()
	go func() {
		defer close(stored)
		<-time.After(lateness)
		f.store(d)
	}()
}

// settled returns when all late deliveries that have begun are stored.
func (f *fake) settled() {
	f.mu.Lock()
	begun := f.late
	f.late = nil
	f.mu.Unlock()
	for _, stored := range begun {
		<-stored
	}
}

func (f *fake) store(d inbox.Delivery) inbox.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, d)
	if f.seen[d.IdempotencyKey] {
		return inbox.Duplicate
	}
	f.seen[d.IdempotencyKey] = true
	return inbox.Stored
}

func (f *fake) all() []inbox.Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

// ids are the ids of what an issue got, without repeats.
func (f *fake) ids(issue int64) string {
	var ids []string
	for _, d := range f.all() {
		if d.Issue.IID == issue && !slices.Contains(ids, d.ID) {
			ids = append(ids, d.ID)
		}
	}
	return strings.Join(ids, " ")
}

func (f *fake) tried() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tries
}

func delivery(issue int64, id string) inbox.Delivery {
	return inbox.Delivery{
		ID: id, Issue: triage.Ref{Project: 7, IID: issue}, IdempotencyKey: "key " + id, ContentKey: "meaning " + id, Body: []byte("body " + id),
	}
}

// rig is a spool that is being drained, in front of a fake.
type rig struct {
	*spool.Spool
	t     *testing.T
	inbox *fake
	end   func() // stops and closes; may be called twice
}

// inBubble runs a test with a clock that stands still while anybody works, so that times are exact.
func inBubble(t *testing.T, o spool.Options, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Dir = t.TempDir()
		r := start(t, newFake(), o)
		defer r.end()
		test(t, r)
	})
}

// start opens a spool and drains it.
func start(t *testing.T, f *fake, o spool.Options) *rig {
	t.Helper()
	o.Inbox = f
	s, err := spool.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return drain(t, s, f)
}

// drain drains a spool in front of a fake.
func drain(t *testing.T, s *spool.Spool, f *fake) *rig {
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { s.Run(ctx) })
	return &rig{s, t, f, sync.OnceFunc(func() {
		cancel()
		run.Wait()
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		f.settled()
	})}
}

func (r *rig) accept(d inbox.Delivery, want inbox.Outcome) {
	r.t.Helper()
	got, err := r.Enqueue(r.t.Context(), d)
	if err != nil {
		r.t.Fatalf("accepting %q: %v", d.ID, err)
	}
	if got != want {
		r.t.Fatalf("accepting %q: got %s, want %s", d.ID, got, want)
	}
}

// put accepts new deliveries of an issue.
func (r *rig) put(issue int64, ids ...string) {
	r.t.Helper()
	for _, id := range ids {
		r.accept(delivery(issue, id), inbox.Stored)
	}
}

// got checks what the inbox has of an issue.
func (r *rig) got(issue int64, want string) {
	r.t.Helper()
	if got := r.inbox.ids(issue); got != want {
		r.t.Errorf("issue %d got %q, want %q", issue, got, want)
	}
}

// degraded checks what operators are told; nothing is that everything goes directly.
func (r *rig) degraded(want ...string) {
	r.t.Helper()
	err := r.Degraded()
	if (err == nil) != (len(want) == 0) {
		r.t.Errorf("degraded: got %v, want %q", err, want)
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			r.t.Errorf("degraded: got %q, want it to say %q", err, w)
		}
	}
}

// drained waits until everything was handed over, outside of bubbles.
func drained(r *rig) {
	r.t.Helper()
	testkit.Until(r.t, "everything is handed over", func() bool { return r.Waiting() == 0 })
}

// recovered waits until nothing is wrong any more, outside of bubbles.
func recovered(t *testing.T, s *spool.Spool) {
	t.Helper()
	testkit.Until(t, "nothing is degraded", func() bool { return s.Degraded() == nil })
}

// wait lets a time pass, and then whatever happens at its end.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// slow is a fake that takes a while for each delivery.
type slow struct {
	*fake
	takes time.Duration
}

func (s *slow) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	select {
	case <-time.After(s.takes):
		return s.fake.Enqueue(ctx, d)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// flaky is a fake that fails a number of times in a row, then answers as often, and so on, until it is steady.
type flaky struct {
	*fake
	inARow int64
	calls  atomic.Int64
	steady atomic.Bool
}

func (f *flaky) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	n := f.calls.Add(1)
	if f.steady.Load() || n/f.inARow%2 == 1 {
		return f.store(d), nil
	}
	if n%2 == 0 {
		f.store(d)
	}
	return "", fmt.Errorf("flaky: %w", inbox.ErrUnavailable)
}
