// Package spool keeps the promise "never lost" while the inbox is away: the receiver's deliveries go into a local file then and from
// there to the inbox, in order, as soon as it is back. It knows the one method of the inbox that it needs and nothing of Redis.
//
// What goes around and what goes straight is decided issue by issue, because order is promised per issue: a delivery goes straight if
// the inbox answers and nothing of its issue waits here. The two facts change under one lock, and a delivery is in the inbox before it
// leaves the count of its issue, so that nothing that came later overtakes it.
package spool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
)

// ErrFull says that the spool holds as much as it may. Errors that wrap it wrap inbox.ErrUnavailable, too.
var ErrFull = errors.New("the spool is full")

// Enqueuer is the part of an inbox.Inbox that the spool stands in front of. An error that wraps inbox.ErrUnavailable sends a delivery
// around; what the failed call wanted may have happened all the same.
type Enqueuer interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
}

// Defaults of Options.
const (
	DefaultMax      = 100_000
	DefaultMaxBytes = 256 << 20
	DefaultTimeout  = 2 * time.Second
	DefaultProbe    = time.Second
	DefaultLockWait = 2 * time.Second
)

// Options are what a Spool needs. Inbox and Path are required.
type Options struct {
	Inbox Enqueuer
	Path  string // of the file; its directory is made if it does not exist

	Max      int   // deliveries in the spool at most; 0 is DefaultMax
	MaxBytes int64 // of their records together; 0 is DefaultMaxBytes. The file can be about twice as large

	Timeout  time.Duration // for one call of the inbox; 0 is DefaultTimeout, of the ten seconds that GitLab waits
	Probe    time.Duration // between two tries of an inbox, or an issue, that failed; 0 is DefaultProbe
	LockWait time.Duration // for another process to let go of the file; 0 is DefaultLockWait

	Now      func() time.Time      // default time.Now
	Log      *zap.Logger           // default none
	Registry prometheus.Registerer // default none
}

// Spool accepts deliveries for an inbox that may be away: they go straight to it while it answers, and into a file while it does not.
// All methods may be called at the same time.
type Spool struct {
	o       Options
	file    *file
	metrics metrics

	straight atomic.Bool // nothing is in the spool and the inbox answers: no need to look at what mu guards

	mu      sync.Mutex
	backlog backlog
	circuit circuit
	queue   []*write // for the writer, in the order of their numbers
	gone    []entry  // delivered, for the writer to remove from the file
	unsaved error    // the last commit's failure, nil after a success
	lost    int      // deliveries in the file that cannot be read
	closed  bool

	wake    chan struct{} // room for one: the drain has reason to look
	work    chan struct{} // room for one: the writer has
	closing chan struct{}
	written chan struct{} // closed when the writer has ended
	runs    sync.WaitGroup
	close   sync.Once
	failed  error // of Close
}

// Open opens the spool's file, or makes it. What an earlier process left in it is drained by Run. A file that is damaged is renamed, what
// can be read of it goes into a new one, and the log says so. A file that another process has open is an error, as is one that cannot be
// written.
func Open(o Options) (*Spool, error) {
	o = o.withDefaults()
	if o.Inbox == nil || o.Path == "" {
		return nil, errors.New("opening the spool: it needs an inbox and the path of its file")
	}
	file, left, err := openFile(o)
	if err != nil {
		return nil, fmt.Errorf("opening the spool in %s: %w", filepath.Dir(o.Path), err)
	}
	s := &Spool{
		o: o, file: file, backlog: newBacklog(),
		wake: make(chan struct{}, 1), work: make(chan struct{}, 1),
		closing: make(chan struct{}), written: make(chan struct{}),
	}
	s.backlog.load(left)
	s.straight.Store(len(left) == 0)
	if s.metrics, err = newMetrics(o.Registry, s.Waiting); err != nil {
		return nil, errors.Join(fmt.Errorf("registering the spool's metrics: %w", err), file.close())
	}
	if len(left) > 0 {
		o.Log.Info("deliveries of an earlier process are in the spool", zap.Int("deliveries", len(left)))
	}
	go s.writes()
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Max <= 0 {
		o.Max = DefaultMax
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Probe <= 0 {
		o.Probe = DefaultProbe
	}
	if o.LockWait <= 0 {
		o.LockWait = DefaultLockWait
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// unanswered opens the circuit.
func (s *Spool) unanswered(cause error) {
	s.mu.Lock()
	opened := s.circuit.fail(s.o.Now(), s.o.Probe)
	s.setStraight()
	s.mu.Unlock()
	if opened {
		s.logOpened(cause)
	}
}

// answered closes the circuit.
func (s *Spool) answered() {
	s.mu.Lock()
	since := s.circuit.since
	closed := s.circuit.answer()
	waiting := s.backlog.waiting
	s.setStraight()
	s.mu.Unlock()
	if closed {
		signal(s.wake)
		s.o.Log.Info("the inbox answers again", zap.Duration("away", s.o.Now().Sub(since)), zap.Int("in_spool", waiting))
	}
}

func (s *Spool) logOpened(cause error) {
	s.o.Log.Warn("the inbox does not answer; deliveries go into the spool", zap.Duration("probe", s.o.Probe), zap.Error(cause))
}

// setStraight follows what mu guards.
func (s *Spool) setStraight() {
	s.straight.Store(len(s.backlog.lanes) == 0 && !s.circuit.open && !s.closed)
}

// signal wakes whoever waits for the channel, now or as soon as there is somebody.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // somebody will look anyway
	}
}

// Close ends Run, writes what was on its way into the file and closes that. Deliveries in it wait for the next Open; later ones are
// refused with inbox.ErrUnavailable. It does not close the inbox.
func (s *Spool) Close() error {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.setStraight()
		s.mu.Unlock()
		close(s.closing)
		s.runs.Wait()
		<-s.written
		if err := s.file.close(); err != nil {
			s.failed = fmt.Errorf("closing the spool in %s: %w", filepath.Dir(s.o.Path), err)
		}
	})
	return s.failed
}
