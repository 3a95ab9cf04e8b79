// Package bolt is the embedded inbox: one process, one file, no server. Every answer comes after the file was synced. All writes go
// through one goroutine that commits whatever waits in one transaction, so that many deliveries share the cost of one sync.
package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/bell"
)

// File is the name of the store's file in its directory.
const File = "inbox.db"

// mapped is how much of the file is mapped from the start: address space, not memory. Growing beyond it makes writers wait for readers.
const mapped = 256 << 20

// Options say where and how to open the store.
type Options struct {
	Dir      string           // made if it does not exist
	Lease    time.Duration    // how long a claimed issue is kept from others; default 60 s
	LockWait time.Duration    // how long to wait for another process to let go of the file; default 2 s
	Now      func() time.Time // default time.Now
	Log      *zap.Logger      // default none

	// MaxDeliveries is how many deliveries may wait, of all issues together: beyond that Accept returns ErrFull. There is no bound of
	// its own for one issue. Default any number.
	MaxDeliveries int
}

// Store is an inbox.Inbox in a file.
type Store struct {
	db      *bbolt.DB
	writes  *writer
	seen    *seen
	tally   *tally
	bell    *bell.Bell
	turns   turns
	tokens  tokens
	lease   time.Duration
	max     int // deliveries, 0 for any number
	now     func() time.Time
	log     *zap.Logger
	closing chan struct{}
	close   sync.Once
	closed  error
}

var _ inbox.Inbox = (*Store)(nil)

// Open opens the store, or makes it. Leases of an earlier process are void: their issues are due at once, with their attempts counted.
func Open(o Options) (*Store, error) {
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
	db, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("opening the inbox in %s: %w", o.Dir, err)
	}
	s := &Store{
		db: db, seen: newSeen(), tally: &tally{}, bell: bell.New(), lease: o.Lease, max: max(0, o.MaxDeliveries), now: o.Now, log: o.Log,
		closing: make(chan struct{}),
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := s.prepare(tx, s.nowMicros()); err != nil {
			return err
		}
		s.seen.load(tx)
		return s.tally.load(tx)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the inbox in %s: %w", o.Dir, err), db.Close())
	}
	s.writes = startWriter(db, s.seen, s.tally, s.nowMicros, o.Log)
	return s, nil
}

// open maps the file and turns what can go wrong with it into words that say what to do.
func open(o Options) (db *bbolt.DB, err error) {
	if o.Dir == "" {
		return nil, errors.New("no directory is given")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the directory cannot be made; choose another data directory: %w", err)
	}
	path := filepath.Join(o.Dir, File)
	defer func() { // bbolt panics on some files that are not its own
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("%s is damaged; move it away to start with an empty inbox: %v", path, p)
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         o.LockWait,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapped,
		NoStatistics:    true,
	})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s is in use by another process; stop that one, or give this one its own data directory "+
			"(several replicas need Redis): %w", path, err)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("the file cannot be written by this user; change its owner or choose another data directory: %w", err)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s is not an inbox or is damaged; move it away to start with an empty one: %w", path, err)
	default:
		return nil, err
	}
}

// Ping implements inbox.Inbox.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.writes.failed.Load(); err != nil {
		return fmt.Errorf("%w: the last write failed: %w", inbox.ErrUnavailable, *err)
	}
	return s.read(ctx, "pinging the inbox", func(*bbolt.Tx) error { return nil })
}

// Close implements inbox.Inbox. What was begun is finished; what waits behind it is refused.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		s.writes.stop()
		if err := s.db.Close(); err != nil {
			s.closed = fmt.Errorf("closing the inbox: %w", err)
		}
	})
	return s.closed
}

// read runs a look at one consistent state.
func (s *Store) read(ctx context.Context, doing string, look func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch err := s.db.View(look); {
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return fmt.Errorf("%s: %w: it was closed", doing, inbox.ErrUnavailable)
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// write runs a change durably. See writer.do.
func (s *Store) write(ctx context.Context, doing string, change func(*bbolt.Tx) error) error {
	if err := s.writes.do(ctx, change); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func (s *Store) nowMicros() int64 { return micros(s.now()) }

// version of the file's layout. A file of another version is refused.
const version = 1

// prepare makes the buckets and voids the leases that an earlier process left.
func (s *Store) prepare(tx *bbolt.Tx, now int64) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	if v := meta.Get(metaVersion); v == nil {
		if err := meta.Put(metaVersion, binary.BigEndian.AppendUint64(nil, version)); err != nil {
			return err
		}
		if err := meta.Put(metaBegan, numbered(now)); err != nil {
			return err
		}
	} else if got := number(v); got != version {
		return fmt.Errorf("the file has layout %d and this program knows %d: use the program that wrote it, or another data directory",
			got, version)
	}
	return s.voidLeases(tx, now)
}
