package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
)

const (
	// maxBatch is how many changes go into one transaction at most.
	maxBatch = 1024
	// tryAgain is after how long a file that could not be written is tried without anybody asking.
	tryAgain = time.Second
)

// writer is the only one who writes. It takes the changes that wait, runs them one after the other in one transaction, and answers
// all of them after the commit.
type writer struct {
	name       string
	file       *file
	statements statements
	damage     *damage
	now        func() int64
	log        *zap.Logger
	committed  atomic.Pointer[counters]
	noted      map[int64]int64 // see touched
	purged     int64           // when it last looked for what expired
	expired    bool            // there may be more of it
	changes    chan *change    // unbuffered: what was taken is answered, what was not is refused by its own caller
	closing    chan struct{}
	done       chan struct{}
	failed     atomic.Pointer[error] // the last commit's failure, nil after a success
}

// change is one operation. It refuses (see refused) before it writes anything. It may run more than once, if the transaction has to be
// repeated without another change that broke.
type change struct {
	ctx    context.Context //nolint:containedctx // it travels with the change to the writer, which drops changes nobody waits for
	run    func(*tx) error
	answer chan error // room for one
	err    error
}

func newWriter(name string, file *file, damage *damage, now func() int64, log *zap.Logger) *writer {
	w := &writer{
		name: name, file: file, statements: statements{prepare: file.writer.PrepareContext}, damage: damage, now: now, log: log,
		changes: make(chan *change), closing: make(chan struct{}), done: make(chan struct{}), noted: map[int64]int64{},
	}
	w.committed.Store(&counters{})
	return w
}

// stop waits for the transaction under way and ends the writer.
func (w *writer) stop() {
	close(w.closing)
	<-w.done
}

// do runs a change in the next transaction and returns once that is on disk. If ctx ends first, the change may or may not happen,
// and what run writes to must not be read.
func (w *writer) do(ctx context.Context, run func(*tx) error) error {
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

// alone runs a change before the loop has begun.
func (w *writer) alone(run func(*tx) error) error {
	group := []*change{{ctx: context.Background(), run: run}}
	w.commit(group)
	return group[0].err
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*change, 0, maxBatch)
	for {
		var again <-chan time.Time
		if w.failed.Load() != nil && w.damage.err() == nil {
			again = time.After(tryAgain)
		}
		select {
		case c := <-w.changes:
			// A sync keeps a processor waiting: whoever can run now hands in its change before, if it has one.
			runtime.Gosched()
			group = w.gather(append(group[:0], c))
		case <-again:
			group = append(group[:0], &change{ctx: context.Background(), run: rewrite, answer: make(chan error, 1)})
		case <-w.closing:
			return
		}
		w.commit(group)
		for i, c := range group {
			c.answer <- c.err
			group[i] = nil
		}
	}
}

// rewrite writes what is in the file already: a bot that is told to be out of service gets no deliveries that would find that the disk is back.
func rewrite(t *tx) error {
	_, err := t.exec(`UPDATE meta SET value = value WHERE name = 'seq'`)
	return err
}

// gather adds the changes that wait already.
func (w *writer) gather(group []*change) []*change {
	for len(group) < maxBatch {
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
			if w.failed.Swap(&err) == nil {
				w.log.Error("the "+w.name+" cannot be written; it is tried again and again", zap.Int("changes", len(group)), zap.Error(explain(err)))
			}
			for _, c := range alive {
				c.err = w.damage.unavailable(err)
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

// try runs the changes in one transaction. It returns the change that broke, if one did; then nothing was written. An error is one of
// the database, which is nobody's fault.
func (w *writer) try(group []*change) (broken *change, err error) {
	if err := w.file.inPlace(); err != nil {
		return nil, err
	}
	if _, err := w.statements.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	t := &tx{statements: &w.statements, counters: *w.committed.Load(), now: w.now(), touched: touched{w.noted, map[int64]int64{}}}
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err != nil {
			continue // nobody waits for it any more
		}
		c.err = guarded(c.run, t)
		switch {
		case c.err == nil || refused(c.err):
		case primaryCode(c.err) != 0:
			return nil, errors.Join(c.err, w.rollback())
		default:
			return c, w.rollback()
		}
	}
	if err := w.finish(t, len(group)); err != nil {
		return nil, errors.Join(fmt.Errorf("committing: %w", err), w.rollback())
	}
	w.committed.Store(&t.counters)
	t.touched.committed(t.now)
	if w.failed.Swap(nil) != nil {
		w.log.Info("the " + w.name + " can be written again")
	}
	return nil, nil
}

// finish does what belongs to every transaction and commits it.
func (w *writer) finish(t *tx, changes int) error {
	if err := w.purge(t, changes); err != nil {
		return err
	}
	if err := t.reserveNumbers(); err != nil {
		return err
	}
	_, err := w.statements.exec("COMMIT")
	return err
}

// purgeEvery is how often the writer looks for what expired.
const purgeEvery = 100_000 // microseconds

// purge removes a little more of what expired than a transaction can add, so that the file does not grow and no transaction is long.
func (w *writer) purge(t *tx, changes int) (err error) {
	if since := t.now - w.purged; since >= 0 && since < purgeEvery && !w.expired {
		return nil
	}
	w.purged = t.now
	w.expired, err = t.purge(int64(16 + 4*changes))
	return err
}

// rollback gives up a transaction. SQLite may have done so already: when the disk is full, say.
func (w *writer) rollback() error {
	_, err := w.statements.exec("ROLLBACK")
	if err != nil && primaryCode(err) == sqliteError {
		return nil
	}
	return err
}

// guarded turns a panic into an error, so that the other changes get their answers.
func guarded(run func(*tx) error, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the change panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return run(t)
}

// refused reports whether a change found its precondition violated: it wrote nothing and the transaction goes on.
func refused(err error) bool {
	return errors.Is(err, inbox.ErrLeaseLost) || errors.Is(err, inbox.ErrNotFound) || errors.Is(err, inbox.ErrFull)
}
