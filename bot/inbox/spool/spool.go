// Package spool keeps the promise "never lost" while the inbox is away: the receiver's deliveries go into an embedded store on the local disk
// then, and from there to the inbox, in order, as soon as it is back. It knows the one method of the inbox that it needs and nothing of
// Redis.
//
// What goes via the spool and what goes directly is decided issue by issue, because order is promised per issue: a delivery goes directly if
// the inbox answers and nothing of its issue waits here. The two facts change under one lock, and a delivery is in the inbox before it
// leaves the queue of its issue, so that nothing that came later overtakes it.
package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
)

// The file of the spool in its directory.
const (
	name = "spool"
	File = name + ".sqlite"
)

// ErrFull says that the spool holds as much as it may. Errors that wrap it wrap inbox.ErrUnavailable, too.
var ErrFull = errors.New("the spool is full")

// Enqueuer is the part of an inbox.Inbox that the spool stands in front of. An error that wraps inbox.ErrUnavailable sends a delivery
// into the spool; what the failed call wanted may have happened all the same.
type Enqueuer interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
}

// Defaults of Options.
const (
	DefaultMax      = 100_000
	DefaultMaxBytes = 256 << 20
	DefaultTimeout  = 2 * time.Second
	DefaultProbe    = time.Second
)

// Options are what a Spool needs. Inbox and Dir are required.
type Options struct {
	Inbox Enqueuer
	Dir   string // of the file; it is made if it does not exist

	Max      int   // deliveries in the spool at most; 0 is DefaultMax
	MaxBytes int64 // of them together; 0 is DefaultMaxBytes. The file can be about twice as large

	Timeout  time.Duration // for one call of the inbox; 0 is DefaultTimeout, of the ten seconds that GitLab waits
	Probe    time.Duration // between two tries of an inbox, or an issue, that failed; 0 is DefaultProbe
	LockWait time.Duration // for another process to let go of the file; 0 is the store's default

	Now      func() time.Time      // default time.Now
	Log      *zap.Logger           // default none
	Registry prometheus.Registerer // default none
}

// Spool accepts deliveries for an inbox that may be away: they go directly to it while it answers, and into a file while it does not.
// All methods may be called at the same time.
type Spool struct {
	o       Options
	store   *sqlite.Store
	metrics metrics

	direct atomic.Bool // nothing is in the spool and the inbox answers: no need to look at what mu guards

	mu      sync.Mutex
	backlog backlog
	circuit circuit
	lost    int // deliveries that cannot be read from the file
	closed  bool
	stop    context.CancelFunc // ends Run

	wake   chan struct{} // room for one: there may be a queue to drain
	remove chan struct{} // room for one: there is something to remove from the file
	runs   sync.WaitGroup
	close  sync.Once
	failed error // of Close
}

// Open opens the spool's file, or makes it. What an earlier process left in it is drained by Run. A file that is damaged is kept aside
// under another name, which is logged, and a new one is begun. A file that another process has open is an error, as is one that cannot be
// written, or one of an older release.
func Open(o Options) (*Spool, error) {
	o = o.withDefaults()
	if o.Inbox == nil || o.Dir == "" {
		return nil, errors.New("opening the spool: it needs an inbox and a directory")
	}
	store, waiting, err := openStore(o)
	if errors.Is(err, sqlite.ErrDamaged) {
		store, waiting, err = openStore(o) // the damage was noted: now the file is kept aside
	}
	if err != nil {
		return nil, err
	}
	s := &Spool{
		o: o, store: store, backlog: newBacklog(waiting),
		wake: make(chan struct{}, 1), remove: make(chan struct{}, 1), stop: func() {},
	}
	s.metrics = newMetrics(o.Registry, s.Waiting)
	s.setDirect()
	if n := s.Waiting(); n > 0 {
		o.Log.Info("deliveries of an earlier process are in the spool", zap.Int("deliveries", n))
	}
	return s, nil
}

// openStore opens the file and lists what an earlier process left in it.
func openStore(o Options) (*sqlite.Store, []sqlite.Backlog, error) {
	store, err := sqlite.Open(sqlite.Options{Dir: o.Dir, Name: name, LockWait: o.LockWait, Now: o.Now, Log: o.Log})
	if err != nil {
		return nil, nil, err
	}
	waiting, err := store.Backlogs(context.Background())
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening the spool in %s: %w", o.Dir, err), store.Close())
	}
	return store, waiting, nil
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
	s.setDirect()
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
	s.setDirect()
	s.mu.Unlock()
	if closed {
		signal(s.wake)
		s.o.Log.Info("the inbox answers again", zap.Duration("away", s.o.Now().Sub(since)), zap.Int("in_spool", waiting))
	}
}

func (s *Spool) logOpened(cause error) {
	s.o.Log.Warn("the inbox does not answer; deliveries go into the spool", zap.Duration("probe", s.o.Probe), zap.Error(cause))
}

// setDirect follows what mu guards.
func (s *Spool) setDirect() {
	s.direct.Store(len(s.backlog.queues) == 0 && !s.circuit.open && !s.closed)
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
		s.setDirect()
		stop := s.stop
		s.mu.Unlock()
		stop()
		s.runs.Wait()
		if err := s.store.Close(); err != nil {
			s.failed = fmt.Errorf("closing the spool in %s: %w", s.o.Dir, err)
		}
	})
	return s.failed
}
