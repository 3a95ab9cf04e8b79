package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"flowkeeper/rules/triage"
)

// mapped is how much of the file is mapped from the start: address space, not memory.
const mapped = 256 << 20

// The layout: bucket "deliveries" holds number → record, numbers big-endian, so that they are in order; bucket "meta" holds "version".
// Values begin with a checksum of their rest, because bbolt does not notice if its pages are not as it wrote them.
var (
	bucketDeliveries = []byte("deliveries")
	bucketMeta       = []byte("meta")
	metaVersion      = []byte("version")
)

// version of the layout. A file of another version is refused.
const version = 1

var (
	// errDamaged says that a file is not a spool, or not as it was written.
	errDamaged = errors.New("the file is damaged or not a spool")
	// errNew says that there is nothing in a file.
	errNew = errors.New("the file is new")
)

// file is the spool's content on disk.
type file struct {
	db     *bbolt.DB
	broken error // set by a panic inside bbolt, which may have left its locks taken; for the writer, and for close after it
}

// left is what an earlier process left in the file, without the bodies.
type left struct {
	entry
	issue triage.Ref
}

// openDB opens the file, and says what to do if that cannot be.
func openDB(path string, wait time.Duration) (db *bbolt.DB, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the directory cannot be made; choose another data directory: %w", err)
	}
	err = guarded(func() (err error) {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout:         wait,
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: mapped,
			NoStatistics:    true,
		})
		return err
	})
	_, system := errors.AsType[syscall.Errno](err)
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s is in use by another process; stop that one, or give this one its own data directory: %w", path, err)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("the file cannot be written by this user; change its owner or choose another data directory: %w", err)
	case system:
		return nil, err
	default: // the file could be read, and bbolt did not like what it read
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
}

// prepare makes a new file a spool.
func (f *file) prepare() error {
	return f.update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket(bucketDeliveries); err != nil {
			return err
		}
		meta, err := tx.CreateBucket(bucketMeta)
		if err != nil {
			return err
		}
		return meta.Put(metaVersion, summed(number(version)))
	})
}

// load lists what is in the file, or says that the file is new. If some of it cannot be read, the error is errDamaged and the list holds
// the rest.
func (f *file) load() (all []left, err error) {
	unreadable := 0
	err = guarded(func() error {
		return f.db.View(func(tx *bbolt.Tx) error {
			if err := check(tx); err != nil {
				return err
			}
			return tx.Bucket(bucketDeliveries).ForEach(func(k, v []byte) error {
				r, err := decode(v)
				if err != nil || len(k) != 8 {
					unreadable++
					return nil
				}
				all = append(all, left{entry{seq: binary.BigEndian.Uint64(k), size: len(v), key: r.IdempotencyKey}, r.Issue})
				return nil
			})
		})
	})
	switch {
	case errors.Is(err, errPanic):
		return all, fmt.Errorf("%w: %w", errDamaged, err)
	case err == nil && unreadable > 0:
		return all, fmt.Errorf("%w: %d deliveries in it cannot be read", errDamaged, unreadable)
	}
	return all, err
}

// check says whether the file is a spool of this version, a new file or something else.
func check(tx *bbolt.Tx) error {
	deliveries, meta := tx.Bucket(bucketDeliveries), tx.Bucket(bucketMeta)
	if first, _ := tx.Cursor().First(); first == nil {
		return errNew
	}
	if deliveries == nil || meta == nil {
		return errDamaged
	}
	v, err := unsummed(meta.Get(metaVersion))
	if err != nil || len(v) != 8 {
		return errDamaged
	}
	if got := binary.BigEndian.Uint64(v); got != version {
		return fmt.Errorf("the file has layout %d and this program knows %d: use the program that wrote it until the spool is empty, "+
			"or another data directory", got, version)
	}
	return nil
}

// read reads one delivery.
func (f *file) read(seq uint64) (r record, err error) {
	err = guarded(func() error {
		return f.db.View(func(tx *bbolt.Tx) (err error) {
			r, err = decode(tx.Bucket(bucketDeliveries).Get(number(seq)))
			return err
		})
	})
	return r, err
}

// commit puts and removes deliveries, all or nothing, and returns after the sync.
func (f *file) commit(puts []*write, removals []entry) error {
	return f.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketDeliveries)
		b.FillPercent = 1 // keys only grow
		for _, w := range puts {
			if err := b.Put(number(w.entry.seq), w.raw); err != nil {
				return err
			}
		}
		for _, e := range removals {
			if err := b.Delete(number(e.seq)); err != nil {
				return err
			}
		}
		return nil
	})
}

// update runs a change. One goroutine at a time calls it.
func (f *file) update(change func(*bbolt.Tx) error) error {
	if f.broken != nil {
		return fmt.Errorf("it has to be opened again: %w", f.broken)
	}
	err := guarded(func() error { return f.db.Update(change) })
	if errors.Is(err, errPanic) {
		f.broken = err
	}
	return err
}

// close is called when nobody reads or writes any more.
func (f *file) close() error {
	if f.broken != nil {
		return nil // closing might wait for a lock that nobody gives back; the file is closed with the process
	}
	return guarded(f.db.Close)
}

var errPanic = errors.New("the database panicked")

// guarded turns panics into errors: bbolt panics on damaged files, and a file that was cut off gives a memory fault where it is mapped.
func guarded(run func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return run()
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
