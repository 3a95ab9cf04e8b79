// Package sqlite is the embedded inbox: one process, one SQLite file, no server. Every answer comes after the file was synced. All writes
// go through one goroutine that commits whatever waits in one transaction, so that many deliveries share the cost of one sync; readers
// work beside it. schema.sql shows what is in the file, which anybody can open.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/notifier"
)

// Options say where and how to open the store.
type Options struct {
	Dir      string           // made if it does not exist
	Name     string           // of the file, without its ending, and of the store in messages; default "inbox"
	Lease    time.Duration    // how long a claimed issue is kept from others; default 60 s
	LockWait time.Duration    // how long to wait for another process to let go of the file; default 2 s
	Now      func() time.Time // default time.Now
	Log      *zap.Logger      // default none

	// MaxDeliveries is how many deliveries may wait, of all issues together: beyond that Enqueue returns ErrFull. There is no bound of
	// its own for one issue. Default any number.
	MaxDeliveries int
}

// Store is an inbox.Inbox in a file.
type Store struct {
	file     *file
	readers  statements
	writer   *writer
	notifier *notifier.Notifier
	lease    time.Duration
	max      int64 // deliveries, 0 for any number
	now      func() time.Time
	began    time.Time // when the file was made
	damage   *damage
	life     context.Context //nolint:containedctx // of the store: it ends with Close
	end      context.CancelFunc
	checked  chan struct{} // closed when the check of the file has ended
	close    sync.Once
	closed   error
}

var _ inbox.Inbox = (*Store)(nil)

// Open opens the store, or makes it. Leases of an earlier process are void: their issues are due at once, with their attempts counted.
// A damaged file is kept aside under another name, which is logged, and a new one is begun.
func Open(o Options) (*Store, error) {
	if o.Name == "" {
		o.Name = "inbox"
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	if o.LockWait <= 0 {
		o.LockWait = 2 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	s, err := open(o)
	if errors.Is(err, ErrDamaged) {
		s, err = open(o) // the damage was noted: now the file is kept aside
	}
	return s, err
}

func open(o Options) (*Store, error) {
	file, err := openFile(o)
	if err != nil {
		return nil, fmt.Errorf("opening the %s in %s: %w", o.Name, o.Dir, err)
	}
	s := &Store{
		file: file, readers: statements{prepare: file.readers.PrepareContext}, notifier: notifier.New(), lease: o.Lease,
		max: int64(max(0, o.MaxDeliveries)), now: o.Now, damage: &damage{name: o.Name, path: file.path, log: o.Log},
		checked: make(chan struct{}),
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.writer = newWriter(o.Name, file, s.damage, s.nowMicros, o.Log)
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the %s in %s: %w", o.Name, o.Dir, err), s.writer.statements.close(), file.close())
	}
	go s.writer.loop()
	go s.check()
	return s, nil
}

// prepare voids the leases that an earlier process left and counts what waits.
func (s *Store) prepare() error {
	return s.writer.alone(func(tx *tx) error {
		if _, err := tx.exec(`UPDATE mailboxes SET token = 0, lease_until = 0, due = ?, delayed = 0 WHERE token <> 0`, tx.now); err != nil {
			return err
		}
		if err := tx.load(); err != nil {
			return err
		}
		var began int64
		if _, err := tx.get(`SELECT value FROM meta WHERE name = 'began'`, nil, &began); err != nil {
			return err
		}
		s.began = time.UnixMicro(began)
		return nil
	})
}

// check reads a large file through for damage while the store works; a small one was checked before it was opened.
func (s *Store) check() {
	defer close(s.checked)
	if s.file.checked {
		return
	}
	if err := quickCheck(s.life, s.file.readers); isDamage(err) {
		s.damage.found(err)
	}
}

func (s *Store) Ping(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("pinging the inbox: %w", err)
	}
	if err := s.Failure(); err != nil {
		return fmt.Errorf("%w: the last write failed: %w", inbox.ErrUnavailable, err)
	}
	var one int
	_, err := s.get(ctx, "pinging the inbox", `SELECT 1 FROM meta LIMIT 1`, nil, &one)
	return err
}

// Close implements inbox.Inbox. What was begun is finished; what waits behind it is refused.
func (s *Store) Close() error {
	s.close.Do(func() {
		s.end()
		<-s.checked
		s.writer.stop()
		if err := errors.Join(s.readers.close(), s.writer.statements.close(), s.file.close()); err != nil {
			s.closed = fmt.Errorf("closing the inbox: %w", err)
		}
	})
	return s.closed
}

// get reads one row beside the writer and reports whether there is one.
func (s *Store) get(ctx context.Context, doing, query string, args []any, into ...any) (found bool, err error) {
	err = s.read(ctx, doing, query, args, func(row *sql.Rows) error {
		found = true
		return row.Scan(into...)
	})
	return found, err
}

// read reads rows beside the writer, each one as each leaves it.
func (s *Store) read(ctx context.Context, doing, query string, args []any, each func(*sql.Rows) error) error {
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := s.readers.each(query, args, each); err != nil {
		return fmt.Errorf("%s: %w", doing, s.damage.unavailable(err))
	}
	return nil
}

// write runs a change durably. See writer.do.
func (s *Store) write(ctx context.Context, doing string, change func(*tx) error) error {
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := s.writer.do(ctx, change); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// usable is the error of a store that was closed or is damaged, or of a caller who is gone.
func (s *Store) usable(ctx context.Context) error {
	if s.life.Err() != nil {
		return fmt.Errorf("%w: it was closed", inbox.ErrUnavailable)
	}
	if err := s.damage.err(); err != nil {
		return err
	}
	return ctx.Err()
}

func (s *Store) nowMicros() int64 { return s.now().UnixMicro() }

// milli is a time of the file as the store tells it: to the millisecond.
func milli(micros int64) time.Time { return time.UnixMilli(micros / 1000) }
