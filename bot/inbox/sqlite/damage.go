package sqlite

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"go.uber.org/zap"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"flowkeeper/bot/inbox"
)

// ErrDamaged says that the file does not hold what it must, which no waiting mends.
var ErrDamaged = errors.New("the file is damaged")

// isDamage reports whether an error is about the file's content.
func isDamage(err error) bool {
	return errors.Is(err, ErrDamaged) || primaryCode(err) == sqlite3.SQLITE_CORRUPT || primaryCode(err) == sqlite3.SQLITE_NOTADB
}

// primaryCode is SQLite's code of an error, 0 if it has none.
func primaryCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// explain says of SQLite's errors what people can do.
func explain(err error) error {
	switch primaryCode(err) {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full; free some space, then it goes on by itself: %w", err)
	case sqlite3.SQLITE_IOERR: // a quota that is used up is one, too
		return fmt.Errorf("the disk cannot be read or written; look at its space, quota and health, then it goes on by itself: %w", err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("the file cannot be written by this user; change its owner or choose another data directory: %w", err)
	}
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("the file cannot be written by this user; change its owner or choose another data directory: %w", err)
	}
	return err
}

// damage is what was found wrong with the file while it is in use. From then on nothing is read from it or written to it.
type damage struct {
	name  string
	path  string
	log   *zap.Logger
	cause atomic.Pointer[error]
}

// found notes the first damage, also for the next start.
func (d *damage) found(err error) {
	if !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if !d.cause.CompareAndSwap(nil, &err) {
		return
	}
	d.log.Error("the "+d.name+" is damaged; it takes no delivery until the bot is started again", zap.String("file", d.path), zap.Error(err))
	if err := os.WriteFile(d.path+markEnding, nil, 0o600); err != nil {
		d.log.Error("the next start may not see that the file is damaged; move it away before", zap.String("file", d.path), zap.Error(err))
	}
}

// markEnding follows a file's name in that of a mark that it is damaged: what was found while it was used, a look at the start need not find.
const markEnding = "-damaged"

// err says what to do about the damage, nil if there is none.
func (d *damage) err() error {
	cause := d.cause.Load()
	if cause == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w. Start the bot again: it keeps the file aside and begins a new one, and the sweep catches up with GitLab",
		inbox.ErrUnavailable, d.path, *cause)
}

// unavailable makes an error of SQLite's one of the inbox, and notes damage.
func (d *damage) unavailable(err error) error {
	if isDamage(err) {
		d.found(err)
		return d.err()
	}
	return fmt.Errorf("%w: %w", inbox.ErrUnavailable, explain(err))
}
