package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
)

// together is how many changes go into one transaction at most.
const together = 1024

// writer is the only one who writes. It takes the changes that wait, runs them one after the other in one transaction, and answers
// all of them after the commit.
type writer struct {
	db       *bbolt.DB
	seen     *seen
	tally    *tally
	now      func() int64
	log      *zap.Logger
	changes  chan *change // unbuffered: what was taken is answered, what was not is refused by its own caller
	closing  chan struct{}
	done     chan struct{}
	reserved int64                 // size of the file
	failed   atomic.Pointer[error] // the last commit's failure, nil after a success
	broken   error                 // set when a transaction could not even be rolled back: nothing is written until the store is opened again
}

// change is one operation. It refuses (see refused) before it writes anything: bbolt has no savepoints. It may run more than once, if
// the transaction has to be repeated without another change that broke.
type change struct {
	ctx    context.Context //nolint:containedctx // it travels with the change to the writer, which drops changes nobody waits for
	run    func(*bbolt.Tx) error
	answer chan error // room for one
	err    error
}

func startWriter(db *bbolt.DB, seen *seen, tally *tally, now func() int64, log *zap.Logger) *writer {
	w := &writer{
		db: db, seen: seen, tally: tally, now: now, log: log,
		changes: make(chan *change), closing: make(chan struct{}), done: make(chan struct{}),
	}
	go w.loop()
	return w
}

// stop waits for the transaction under way and ends the writer.
func (w *writer) stop() {
	close(w.closing)
	<-w.done
}

// do runs a change in the next transaction and returns once that is on disk. If ctx ends first, the change may or may not happen,
// and what run writes to must not be read.
func (w *writer) do(ctx context.Context, run func(*bbolt.Tx) error) error {
	c := &change{ctx: ctx, run: run, answer: make(chan error, 1)}
	select {
	case w.changes <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return fmt.Errorf("%w: it was closed", inbox.ErrUnavailable)
	}
	select {
	case err := <-c.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*change, 0, together)
	for {
		select {
		case c := <-w.changes:
			// A sync keeps a processor waiting: whoever can run now hands in its change before, if it has one.
			runtime.Gosched()
			group = w.gather(append(group[:0], c))
		case <-w.closing:
			return
		}
		w.commit(group)
		for i, c := range group {
			c.answer <- c.err
			group[i] = nil
		}
		w.reserve()
	}
}

// gather adds the changes that wait already.
func (w *writer) gather(group []*change) []*change {
	for len(group) < together {
		select {
		case c := <-w.changes:
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// commit runs the changes and sets their errors. A change that breaks is left out and the others are run again.
func (w *writer) commit(group []*change) {
	alive := group
	for len(alive) > 0 {
		broken, err := w.try(alive)
		if err != nil {
			w.failed.Store(&err)
			for _, c := range alive {
				c.err = fmt.Errorf("%w: %w", inbox.ErrUnavailable, err)
			}
			return
		}
		if broken == nil {
			return
		}
		others := make([]*change, 0, len(alive))
		for _, c := range alive {
			if c != broken {
				others = append(others, c)
			}
		}
		alive = others
	}
}

// try runs the changes in one transaction. It returns the change that broke, if one did; then nothing was written.
func (w *writer) try(group []*change) (broken *change, err error) {
	if w.broken != nil {
		return nil, w.broken
	}
	tx, err := w.db.Begin(true)
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err != nil {
			continue // nobody waits for it any more
		}
		if c.err = guarded(c.run, tx); c.err != nil && !refused(c.err) {
			return c, w.rollback(tx)
		}
	}
	commit := func(tx *bbolt.Tx) error {
		if err := w.seen.purge(tx, w.now(), 16+4*len(group)); err != nil {
			return fmt.Errorf("purging what expired: %w", err)
		}
		return tx.Commit()
	}
	if err := guarded(commit, tx); err != nil {
		w.log.Error("the inbox could not be written", zap.Int("changes", len(group)), zap.Error(err))
		return nil, errors.Join(fmt.Errorf("committing: %w", err), w.rollback(tx))
	}
	w.seen.committed()
	w.tally.committed()
	w.failed.Store(nil)
	return nil, nil
}

// rollback gives up a transaction that was not committed. A commit that failed may have closed it already.
func (w *writer) rollback(tx *bbolt.Tx) error {
	w.seen.dropped()
	w.tally.dropped()
	err := guarded((*bbolt.Tx).Rollback, tx)
	if err != nil && !errors.Is(err, berrors.ErrTxClosed) {
		w.broken = fmt.Errorf("rolling back, the file has to be opened again: %w", err)
		return w.broken
	}
	return nil
}

// guarded turns a panic into an error, so that the other changes get their answers.
func guarded(run func(*bbolt.Tx) error, tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the change panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return run(tx)
}

// refused reports whether a change found its precondition violated: it wrote nothing and the transaction goes on.
func refused(err error) bool {
	return errors.Is(err, inbox.ErrLeaseLost) || errors.Is(err, inbox.ErrNotFound) || errors.Is(err, inbox.ErrFull)
}
