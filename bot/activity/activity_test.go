package activity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/activity"
	"flowkeeper/bot/coordination"
)

// process is one of the bot's, with metrics of its own.
type process struct {
	log        *activity.Log
	deliveries prometheus.Counter
	oldest     prometheus.Gauge
}

func newProcess(t *testing.T, s activity.Store, now func() time.Time) process {
	t.Helper()
	registry := prometheus.NewRegistry()
	p := process{
		deliveries: prometheus.NewCounter(prometheus.CounterOpts{Name: "flowkeeper_deliveries_total"}),
		oldest:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "flowkeeper_inbox_oldest_due_seconds"}),
	}
	registry.MustRegister(p.deliveries, p.oldest)
	p.log = activity.New(s, registry, now, zap.NewNop())
	return p
}

func (p process) add(t *testing.T, deliveries, oldest float64) {
	t.Helper()
	p.deliveries.Add(deliveries)
	p.oldest.Set(oldest)
	if err := p.log.Add(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func day(t *testing.T, l *activity.Log) activity.Day {
	t.Helper()
	d, err := l.Day(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestReplicasAddUp: what two processes did stands in the buckets of its time, together; other times are gaps, and a day later it is gone.
func TestReplicasAddUp(t *testing.T) {
	now := time.Date(2026, 5, 4, 11, 58, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	memory := coordination.NewMemory(clock)
	store := coordination.New(memory, memory, nil)
	one, two := newProcess(t, store, clock), newProcess(t, store, clock)
	one.add(t, 3, 40)
	two.add(t, 4, 7)
	now = now.Add(4 * time.Minute) // the next hour
	one.add(t, 1, 0)
	one.add(t, 0, 0)
	d := day(t, two.log)
	last := len(d.Buckets) - 1
	if end := d.From.Add(activity.Buckets * activity.Step); !end.Equal(time.Date(2026, 5, 4, 12, 5, 0, 0, time.UTC)) {
		t.Errorf("the day ends at %v", end)
	}
	if got, want := d.Buckets[last], (activity.Bucket{Known: true, Deliveries: 1}); got != want {
		t.Errorf("the last bucket is %+v, want %+v", got, want)
	}
	if got, want := d.Buckets[last-1], (activity.Bucket{Known: true, Deliveries: 7, Oldest: 40}); got != want {
		t.Errorf("the bucket before is %+v, want %+v", got, want)
	}
	for n, b := range d.Buckets[:last-1] {
		if b.Known {
			t.Errorf("bucket %d is known: %+v", n, b)
		}
	}
	now = now.Add(23 * time.Hour)
	if d := day(t, two.log); d.Buckets[10].Deliveries != 7 || d.Buckets[11].Deliveries != 1 {
		t.Errorf("almost a day later: %+v", d.Buckets[:14])
	}
	now = now.Add(4 * time.Hour)
	for n, b := range day(t, two.log).Buckets {
		if b.Known {
			t.Errorf("more than a day later bucket %d is known: %+v", n, b)
		}
	}
}

// away is a store that does not answer for a while.
type away struct {
	activity.Store
	err error
}

func (a *away) Merge(ctx context.Context, name string, keep time.Duration, merge func([]byte) []byte) error {
	if a.err != nil {
		return a.err
	}
	return a.Store.Merge(ctx, name, keep, merge)
}

func (a *away) Merged(ctx context.Context, name string) ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	return a.Store.Merged(ctx, name)
}

// TestStoreAway: what was counted meanwhile is added later, and what others wrote, which cannot be read, is a gap.
func TestStoreAway(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 1, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	memory := coordination.NewMemory(clock)
	store := &away{Store: coordination.New(memory, memory, nil), err: errors.New("away")}
	p := newProcess(t, store, clock)
	p.deliveries.Add(2)
	if err := p.log.Add(t.Context()); !errors.Is(err, store.err) {
		t.Errorf("error %v", err)
	}
	if _, err := p.log.Day(t.Context()); !errors.Is(err, store.err) {
		t.Errorf("error %v", err)
	}
	store.err = nil
	p.add(t, 1, 0)
	if got := day(t, p.log).Buckets[activity.Buckets-1].Deliveries; got != 3 {
		t.Errorf("%d deliveries, want 3", got)
	}
	if err := store.Merge(t.Context(), "activity/2026-05-04T12", time.Hour, func([]byte) []byte { return []byte("{}") }); err != nil {
		t.Fatal(err)
	}
	if day(t, p.log).Buckets[activity.Buckets-1].Known {
		t.Error("what cannot be read is no gap")
	}
}
