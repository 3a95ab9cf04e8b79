package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // the schema
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/zap"
	"modernc.org/sqlite"
)

const (
	// File is the name of an inbox's file in its directory.
	File = "inbox" + ending
	// ending follows the name of a store in that of its file.
	ending = ".sqlite"
	// lockEnding is that of what one process at a time holds. SQLite's own locks let several write, but leases and counters live in the process.
	lockEnding = ".lock"
	// oldEnding is that of the stores of releases before this one.
	oldEnding = ".db"

	applicationID = 0x464c4f57 // "FLOW", in the file's header
	version       = 2          // of the layout. A file of another version is refused

	// checkBefore is up to which size a file is read through for damage before it is used; a larger one is checked while it is.
	checkBefore = 32 << 20
	smallest    = 512 // bytes of a database
	readers     = 4   // connections
	// checkpoint is after how many pages what was committed moves from the log beside the file into it: 32 MB, so that pages that change again
	// and again are moved seldom.
	checkpoint = "wal_autocheckpoint(8000)"
)

//go:embed schema.sql
var schema string

// file is the open database: one connection that writes, a few that read beside it.
type file struct {
	path    string
	lock    *flock.Flock
	write   *sql.DB
	writer  *sql.Conn // the only one of write
	readers *sql.DB
	checked bool        // it was read through for damage
	opened  os.FileInfo // which file the path names
}

// openFile opens the file and turns what can go wrong with it into words that say what to do.
func openFile(o Options) (*file, error) {
	path, err := place(o.Dir, o.Name)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(filepath.Join(o.Dir, o.Name), o.LockWait)
	if err != nil {
		return nil, err
	}
	f, err := openDatabase(path, o.Now().UnixMicro())
	if damage := err; isDamage(damage) {
		var kept string
		if kept, err = setAside(path, o.Now()); err == nil {
			o.Log.Error("the "+o.Name+" was damaged: its file is kept aside and a new one is begun. What waited in it, the sweep looks for in GitLab; "+
				"what was given up is in the old file only", zap.String("kept", kept), zap.String("file", path), zap.Error(damage))
			f, err = openDatabase(path, o.Now().UnixMicro())
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	f.lock = lock
	if f.opened, err = os.Stat(path); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// inPlace says what is wrong if the path does not name the file any more: what is written to it then, the next start does not find.
func (f *file) inPlace() error {
	info, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(info, f.opened) {
		return fmt.Errorf("%s was moved or replaced while it is used; put it back, or start the bot again", f.path)
	}
	return nil
}

// place makes the directory and is the file's path in it, if it can be ours.
func place(dir, name string) (string, error) {
	if dir == "" {
		return "", errors.New("no directory is given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the directory cannot be made; choose another data directory: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(dir, name+ending))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		old := filepath.Join(dir, name+oldEnding)
		if _, err := os.Stat(old); err == nil {
			return "", fmt.Errorf("%s is the %s of an older flowkeeper, which this one cannot read: let the old one finish what waits in it, "+
				"then move the file away; what is left in it, the sweep looks for in GitLab", old, name)
		}
	}
	return path, nil
}

// takeLock keeps other processes from the store.
func takeLock(store string, wait time.Duration) (*flock.Flock, error) {
	lock := flock.New(store + lockEnding)
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	ok, err := lock.TryLockContext(ctx, 10*time.Millisecond)
	switch {
	case ok:
		return lock, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%s is in use by another process; stop that one, or give this one its own data directory "+
			"(replicas share their work in Redis alone)", store+ending)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("the file cannot be written by this user; change its owner or choose another data directory: %w", err)
	}
	return nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
}

// openDatabase opens the database, makes what is in it if it is new, and checks it.
func openDatabase(path string, now int64) (f *file, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Size() < smallest: // SQLite would take it for a new one
		return nil, fmt.Errorf("%w: it has %d bytes", ErrDamaged, info.Size())
	}
	if _, err := os.Stat(path + markEnding); err == nil {
		return nil, fmt.Errorf("%w, as was found while it was used", ErrDamaged)
	}
	f = &file{path: path, checked: info == nil || info.Size() <= checkBefore}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
			f = nil
		}
	}()
	if err := f.connect(); err != nil {
		return f, explain(err)
	}
	if info == nil {
		return f, f.create(now)
	}
	if err := f.recognize(); err != nil {
		return f, err
	}
	if f.checked {
		return f, quickCheck(context.Background(), f.readers)
	}
	return f, nil
}

// connect opens the connections. Commits are synced before they answer.
func (f *file) connect() (err error) {
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return err
	}
	if f.write, err = sql.Open("sqlite", dsn(f.path, "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", checkpoint)); err != nil {
		return err
	}
	f.write.SetMaxOpenConns(1)
	if f.writer, err = f.write.Conn(context.Background()); err != nil {
		return err
	}
	if f.readers, err = sql.Open("sqlite", dsn(f.path, "query_only(1)", "busy_timeout(5000)")); err != nil {
		return err
	}
	f.readers.SetMaxOpenConns(readers)
	f.readers.SetMaxIdleConns(readers)
	return nil
}

func dsn(path string, pragmas ...string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas}.Encode()}).String()
}

// create makes the tables, all or nothing.
func (f *file) create(now int64) error {
	ctx := context.Background()
	tx, err := f.writer.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	script := schema + fmt.Sprintf("\nPRAGMA application_id = %d; PRAGMA user_version = %d;\n", applicationID, version)
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return errors.Join(explain(err), tx.Rollback())
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO meta VALUES ('began', ?), ('seq', 0), ('token', 0)`, now); err != nil {
		return errors.Join(explain(err), tx.Rollback())
	}
	return explain(tx.Commit())
}

// recognize refuses a file that is not this program's.
func (f *file) recognize() error {
	var id, layout int64
	ctx := context.Background()
	if err := f.writer.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return explain(err)
	}
	if err := f.writer.QueryRowContext(ctx, "PRAGMA user_version").Scan(&layout); err != nil {
		return explain(err)
	}
	switch {
	case id == 0 && layout == 0:
		return fmt.Errorf("%w: its tables are missing", ErrDamaged) // a process was killed while it made them
	case id != applicationID:
		return fmt.Errorf("%s is the database of another program; choose another data directory", f.path)
	case layout < version:
		return fmt.Errorf("%s is the store of an older flowkeeper (layout %d, this one has %d), which this one cannot read: let the old one finish "+
			"what waits in it, or move the file away; the sweep then looks for what it held", f.path, layout, version)
	case layout > version:
		return fmt.Errorf("%s is the store of a newer flowkeeper (layout %d, this one has %d): use the program that wrote it, or another data directory",
			f.path, layout, version)
	}
	return nil
}

// quickCheck reads the whole file and returns what is wrong with it.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return explain(err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.TrimPrefix(verdict, "*** in database main ***\n"))
	}
	return nil
}

// setAside renames a damaged file with what belongs to it, so that people can look into it, and returns its new path.
func setAside(path string, now time.Time) (string, error) {
	kept := strings.TrimSuffix(path, ending) + "-damaged-" + now.UTC().Format("20060102T150405.000Z") + ending
	for _, part := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+part, kept+part); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("keeping the damaged file aside: %w", err)
		}
	}
	if err := os.Remove(path + markEnding); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("keeping the damaged file aside: %w", err)
	}
	return kept, nil
}

// close closes whatever was opened.
func (f *file) close() error {
	var errs []error
	if f.readers != nil {
		errs = append(errs, f.readers.Close())
	}
	if f.writer != nil {
		errs = append(errs, f.writer.Close())
	}
	if f.write != nil {
		errs = append(errs, f.write.Close())
	}
	if f.lock != nil {
		errs = append(errs, f.lock.Unlock())
	}
	return errors.Join(errs...)
}
