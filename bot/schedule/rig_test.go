package schedule_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/record"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

const (
	every    = 15 * time.Minute
	lookback = 24 * time.Hour
	ourURL   = "https://bot.example.com/webhooks/gitlab"
)

// store is an inbox in a file, with faults. All that a scheduler asks of it holds the lock, because a test may swap the file.
type store struct {
	*sqlite.Store
	*coordination.Coordinator
	mu             sync.Mutex
	room           int               // how many deliveries it still takes, if below 0 any number
	failCheckpoint func(string) bool // which checkpoints cannot be set
	failLock       bool
	locked         func(context.Context) // called once, when a lock was taken; the answer is lost
}

func (s *store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *store) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room == 0 {
		return "", fmt.Errorf("accepting: %w", inbox.ErrFull)
	}
	outcome, err := s.Store.Enqueue(ctx, d)
	if outcome == inbox.Stored {
		s.room--
	}
	return outcome, err
}

func (s *store) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failCheckpoint != nil && s.failCheckpoint(name) {
		return fmt.Errorf("setting a checkpoint: %w", inbox.ErrUnavailable)
	}
	return s.Coordinator.SetCheckpoint(ctx, name, value)
}

func (s *store) TryLock(ctx context.Context, name, holder string, lease time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failLock {
		return false, fmt.Errorf("asking for the lock: %w", inbox.ErrUnavailable)
	}
	held, err := s.Coordinator.TryLock(ctx, name, holder, lease)
	if locked := s.locked; locked != nil && held {
		s.locked = nil
		locked(ctx)
		return false, ctx.Err()
	}
	return held, err
}

func (s *store) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Coordinator.Checkpoint(ctx, name)
}

func (s *store) Projects(ctx context.Context) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Coordinator.Projects(ctx)
}

func (s *store) TouchProjects(ctx context.Context, projects []int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Coordinator.TouchProjects(ctx, projects)
}

// rig is schedulers between a lab and a store, on the clock of a synctest bubble.
type rig struct {
	*testing.T
	lab   *lab
	store *store
	logs  *observer.ObservedLogs
	log   *zap.Logger
}

// inBubble runs a test, next to the others, with a rig that has a fresh store and nothing started. Time is that of a bubble of its own.
func inBubble(t *testing.T, l *lab, test func(t *testing.T, r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(sqlite.Options{Dir: t.TempDir(), Lease: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		core, logs := observer.New(zapcore.DebugLevel)
		test(t, &rig{T: t, lab: l, store: &store{Store: s, Coordinator: coordination.New(s, s, s), room: -1}, logs: logs, log: zap.New(core)})
	})
}

// process is a running scheduler.
type process struct {
	*rig
	registry *prometheus.Registry
	stop     func()
}

// start runs a scheduler over the listed projects, until stop or the end of the test.
func (r *rig) start(change func(*schedule.Options)) *process {
	p := &process{rig: r, registry: prometheus.NewRegistry()}
	o := schedule.Options{
		GitLab: r.lab, Inbox: r.store, Coordination: r.store, URLs: []string{ourURL}, Every: every, Lookback: lookback, Log: r.log, Registry: p.registry,
	}
	change(&o)
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); schedule.New(o).Run(ctx) }()
	p.stop = func() { cancel(); <-ended }
	r.Cleanup(p.stop)
	synctest.Wait()
	return p
}

// sweeper starts a scheduler that sweeps these projects.
func (r *rig) sweeper(projects ...string) *process {
	return r.start(func(o *schedule.Options) { o.Projects = projects })
}

// longKnown has the bot know projects since before the lookback, so that their first sweep reaches back all of it.
func (r *rig) longKnown(projects ...int64) {
	r.Helper()
	for _, id := range projects {
		if err := r.store.Coordinator.SetCheckpoint(r.Context(), fmt.Sprint("since/", id), []byte(now().Add(-2*lookback).Format(time.RFC3339Nano))); err != nil {
			r.Fatal(err)
		}
	}
}

// pass lets time go by.
func (r *rig) pass(d time.Duration) {
	testkit.Pass(d)
	synctest.Wait()
}

// mail takes what is due out of the inbox, with its bodies.
func (r *rig) mail() map[triage.Ref][]record.Event {
	r.Helper()
	got := map[triage.Ref][]record.Event{}
	for {
		batch, err := r.store.Claim(r.Context(), 0)
		if err != nil {
			r.Fatal(err)
		}
		if batch == nil {
			return got
		}
		for _, d := range batch.Deliveries {
			e, err := record.DecodeEvent(d.Body, batch.Issue)
			if err != nil {
				r.Fatal(err)
			}
			got[batch.Issue] = append(got[batch.Issue], e)
		}
		if err := r.store.Complete(r.Context(), batch, inbox.Result{}); err != nil {
			r.Fatal(err)
		}
	}
}

// found are the issues that are due in the inbox, each as often as it was put there.
func (r *rig) found() []string {
	r.Helper()
	var all []string
	for ref, bodies := range r.mail() {
		for range bodies {
			all = append(all, ref.String())
		}
	}
	slices.Sort(all)
	return all
}

// logged counts the log lines with this message.
func (r *rig) logged(message string) int { return r.logs.FilterMessage(message).Len() }

// metric is the value of a metric of the process, 0 for labels that never were.
func (p *process) metric(name string) float64 {
	p.Helper()
	all, known := testkit.Metrics(p, p.registry), false
	family, _, _ := strings.Cut(name, "{")
	for m := range all {
		known = known || m == family || strings.HasPrefix(m, family+"{")
	}
	if !known {
		p.Errorf("there is no metric %s", family)
	}
	return all[name]
}

func expect[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
