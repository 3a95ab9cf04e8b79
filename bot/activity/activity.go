// Package activity keeps what the bot did in the last day, all replicas together, in steps of five minutes: enough for small charts without a
// Prometheus. It reads the metrics and adds what is new to a value per hour in the store, which forgets it after a day. What was counted since
// the last minute is lost with a process that dies.
package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// The grid of time.
const (
	Step    = 5 * time.Minute
	Buckets = 24 * 12 // of a day

	every     = time.Minute
	perHour   = int(time.Hour / Step)
	keepHours = 26 * time.Hour // a day and the hours that it begins and ends in
)

// Store keeps small named values to which several processes add, see package coordination.
type Store interface {
	Merge(ctx context.Context, name string, keep time.Duration, merge func(old []byte) []byte) error
	Merged(ctx context.Context, name string) ([]byte, error)
}

// Bucket is what happened in five minutes.
type Bucket struct {
	Known      bool  `json:"-"` // false: nobody counted, or the store was emptied
	Deliveries int64 `json:"d,omitempty"`
	Decisions  int64 `json:"n,omitempty"`
	Changes    int64 `json:"c,omitempty"` // that rules made
	Calls      int64 `json:"g,omitempty"` // of GitLab's API
	Oldest     int64 `json:"o,omitempty"` // seconds that the most overdue issue had been due, at most
}

// Day is the last 24 hours, the oldest bucket first. It ends with the bucket that is being filled.
type Day struct {
	From    time.Time
	Buckets [Buckets]Bucket
}

// Log adds to the store and reads it. It is for one Run, and any number of readers.
type Log struct {
	store   Store
	metrics prometheus.Gatherer
	now     func() time.Time
	log     *zap.Logger
	before  counts // what the metrics said when they were last written down
}

// New is a log of what the metrics say.
func New(s Store, metrics prometheus.Gatherer, now func() time.Time, log *zap.Logger) *Log {
	return &Log{store: s, metrics: metrics, now: now, log: log}
}

// Run adds to the store every minute until ctx ends, and a last time then.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := l.Add(ctx); err != nil && ctx.Err() == nil {
			l.log.Debug("keeping what was done for the charts; it is tried again", zap.Error(err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			const lastTime = 2 * time.Second
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
			defer cancel()
			_ = l.Add(last) // a chart lacks a minute
			return
		}
	}
}

// Add adds what was counted since the last call.
func (l *Log) Add(ctx context.Context) error {
	now, err := read(l.metrics)
	if err != nil {
		return fmt.Errorf("reading the metrics: %w", err)
	}
	more := now.since(l.before)
	at := l.now().UTC()
	err = l.store.Merge(ctx, hourName(at), keepHours, func(old []byte) []byte {
		h := decode(old)
		n := int(at.Sub(at.Truncate(time.Hour)) / Step)
		h[n] = add(h[n], more)
		return encode(h)
	})
	if err == nil {
		l.before = now
	}
	return err
}

// Day reads the last day.
func (l *Log) Day(ctx context.Context) (Day, error) {
	last := l.now().UTC().Truncate(Step)
	d := Day{From: last.Add(-(Buckets - 1) * Step)}
	first := d.From.Truncate(time.Hour)
	hours := make([]hour, int(last.Sub(first)/time.Hour)+1)
	failed := make([]error, len(hours))
	var wait sync.WaitGroup
	for n := range hours {
		wait.Go(func() {
			var kept []byte
			kept, failed[n] = l.store.Merged(ctx, hourName(first.Add(time.Duration(n)*time.Hour)))
			hours[n] = decode(kept)
		})
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		return Day{}, err
	}
	for n := range d.Buckets {
		at := d.From.Add(time.Duration(n) * Step).Sub(first)
		if b := hours[int(at/time.Hour)][int(at%time.Hour/Step)]; b != nil {
			d.Buckets[n] = *b
			d.Buckets[n].Known = true
		}
	}
	return d, nil
}

// hour is the buckets of an hour; nil if nobody counted.
type hour [perHour]*Bucket

func hourName(at time.Time) string { return "activity/" + at.UTC().Format("2006-01-02T15") }

// decode reads an hour. What cannot be read, as of another release, is a gap.
func decode(kept []byte) hour {
	var h hour
	if json.Unmarshal(kept, &h) != nil {
		return hour{}
	}
	return h
}

func encode(h hour) []byte {
	data, err := json.Marshal(h)
	if err != nil {
		panic("an hour holds only numbers, which JSON can always write: " + err.Error())
	}
	return data
}

func add(to *Bucket, more Bucket) *Bucket {
	if to == nil {
		return &more
	}
	return &Bucket{
		Deliveries: to.Deliveries + more.Deliveries, Decisions: to.Decisions + more.Decisions, Changes: to.Changes + more.Changes,
		Calls: to.Calls + more.Calls, Oldest: max(to.Oldest, more.Oldest),
	}
}
