// Package budget keeps the whole fleet below what GitLab allows: calls of its API, and comments, which have a smaller limit of their own.
// What all replicas may spend is a bucket in the store that they share; a bucket of its own holds each process to the same, whatever the
// store says. A part of both is left to work that somebody waits for. The package knows neither GitLab's client nor what a call is about.
package budget

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// What is spent at most if Options say nothing else: three quarters of the 2,000 calls, and most of the 60 comments, that gitlab.com
// allows a user in a minute.
const (
	DefaultPerMinute      = 1500
	DefaultNotesPerMinute = 50
)

// Options are what a Budget needs. All have defaults.
type Options struct {
	Store Store // holds the buckets that replicas share; default none: this process is the fleet

	PerMinute      int // calls of all kinds by the fleet; default DefaultPerMinute
	NotesPerMinute int // those of them that write a comment; default DefaultNotesPerMinute

	Now      func() time.Time      // default time.Now
	Log      *zap.Logger           // default none
	Registry prometheus.Registerer // default none
}

// Budget says when a call may be made. In any minute the fleet spends at most what is allowed in one, and a burst: a sixth of that, at least
// two. (The one comment of each class that is next may add a call that was set aside for it before.) While the store is away each process
// holds itself to that.
type Budget struct {
	calls   *limiter
	notes   *limiter
	now     func() time.Time
	metrics metrics
}

// New prepares a budget. It asks the store nothing.
func New(o Options) (*Budget, error) {
	if o.PerMinute < 0 || o.NotesPerMinute < 0 {
		return nil, fmt.Errorf("the budget of %d GitLab calls and %d comments a minute is negative: give numbers above 0, or 0 for %d and %d",
			o.PerMinute, o.NotesPerMinute, DefaultPerMinute, DefaultNotesPerMinute)
	}
	o = o.withDefaults()
	fleet := newFleet(o.Store, o.Now, o.Log)
	b := &Budget{
		calls: newLimiter("gitlab-calls", "GitLab calls", o.PerMinute, fleet, o.Now, o.Log),
		notes: newLimiter("gitlab-notes", "comments", o.NotesPerMinute, fleet, o.Now, o.Log),
		now:   o.Now,
	}
	b.metrics = newMetrics(o.Registry, b)
	return b, nil
}

// withDefaults fills in what the caller left open.
func (o Options) withDefaults() Options {
	if o.PerMinute == 0 {
		o.PerMinute = DefaultPerMinute
	}
	if o.NotesPerMinute == 0 {
		o.NotesPerMinute = DefaultNotesPerMinute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// Wait returns nil when one call may be made, which is to follow at once. A note is a call that writes a comment; it needs room in both
// budgets. Urgent work comes first, but leaves one call in coordination.Share to other work. Beyond that, who came first in a process is served
// first, and processes take turns. The error is that of ctx, which alone ends a wait early.
func (b *Budget) Wait(ctx context.Context, note bool) error {
	c := classOf(ctx)
	began := b.now()
	defer func() { b.metrics.waited(c, note, b.now().Sub(began)) }()
	if !note {
		return b.calls.wait(ctx, c)
	}
	// One comment of a class at a time has its call set aside until its own budget allows it. If each had its room as a comment first, all
	// those that wait for a call would later be written at once.
	if err := b.notes.enterQueue(ctx, c); err != nil {
		return err
	}
	defer b.notes.leaveQueue(c)
	if err := b.calls.wait(ctx, c); err != nil {
		return err
	}
	return b.notes.waitForToken(ctx, c)
}

// Observe learns from the answer to a call for which Wait was called with the same note. It only remembers; whoever waits next tells the
// fleet.
func (b *Budget) Observe(note bool, status int, h http.Header) {
	now := b.now()
	told := readHeaders(h, now)
	if told.present {
		b.calls.applyLimit(told.limit)
		b.calls.applyRemaining(told.left, told.reset)
	}
	if status != http.StatusTooManyRequests {
		return
	}
	// Limits of single endpoints, as that of comments, are not in the headers: a refusal while calls are left comes from one of them.
	// Whoever else ran into such a limit waits by itself; it is no reason to keep everybody waiting.
	if note && !told.spent {
		b.notes.blockUntil(now.Add(told.retry))
		return
	}
	if told.spent || !told.counted {
		b.calls.blockUntil(now.Add(told.retry))
	}
}

// class is how much a call matters.
type class uint8

const (
	ordinary class = iota
	urgent
	classes // their number
)

type urgentKey struct{}

// Urgent marks work that somebody waits for, such as a command or a start: its calls may use what is kept free of all other work.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

func classOf(ctx context.Context) class {
	if ctx.Value(urgentKey{}) != nil {
		return urgent
	}
	return ordinary
}
