package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/rules/triage"
)

// damages are what may have become of a closed file.
var damages = map[string]func(t *testing.T, path string){
	"empty": func(t *testing.T, path string) { truncate(t, path, 0) },
	"cut":   func(t *testing.T, path string) { truncate(t, path, 3*4096+100) },
	"not a file of ours": func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 10_000)), 0o600); err != nil {
			t.Fatal(err)
		}
	},
	"garbled header": func(t *testing.T, path string) { garble(t, path, 0, 64) },
	"garbled tables": func(t *testing.T, path string) { garble(t, path, 4096, 5*4096) },
}

// A damaged file is found when it is opened: it is kept aside, a new one is begun, and the log says so.
func TestDamageAtOpen(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir, clock := t.TempDir(), &inboxtest.Clock{}
			s := open(t, dir, clock)
			inboxtest.Fill(t, s, clock)
			closeStore(t, s)
			path := filepath.Join(dir, sqlite.File)
			damage(t, path)
			was, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}

			core, logs := observer.New(zap.ErrorLevel)
			s, err = sqlite.Open(sqlite.Options{Dir: dir, Log: zap.New(core)})
			if err != nil {
				t.Fatal(err)
			}
			defer closeStore(t, s)
			said := logs.TakeAll()
			if len(said) != 1 || !strings.Contains(said[0].Message, "kept aside") || !strings.Contains(said[0].Message, "sweep") {
				t.Fatalf("it logged %v, want one line about the damage", said)
			}
			kept, _ := said[0].ContextMap()["kept"].(string)
			if now, err := os.ReadFile(kept); err != nil || string(now) != string(was) {
				t.Errorf("the file kept aside as %q is not the damaged one: %v", kept, err)
			}
			one := triage.Ref{Project: 1, IID: 1}
			if outcome, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: one}); err != nil || outcome != inbox.Stored {
				t.Errorf("accepting into the new file: got %s, %v", outcome, err)
			}
			if b, err := s.Claim(t.Context(), 0); err != nil || b == nil || b.Issue != one || time.Since(b.StoreCreatedAt) > time.Hour {
				t.Errorf("claiming from the new file: got %+v, %v, want a batch of a store that began just now", b, err)
			}
		})
	}
}

// Damage that comes while the store is open is told by whatever meets it, and by all that comes after: no delivery is taken that could not be
// claimed. The next start keeps the file aside, also one that is too large to be read through before it is used.
func TestDamageWhileOpen(t *testing.T) {
	dir, clock := t.TempDir(), &inboxtest.Clock{}
	s := open(t, dir, clock)
	for n := range int64(300) {
		if _, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: n + 1}, Body: make([]byte, 120_000)}); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s) // all is in the file itself, nothing in the caches
	s = open(t, dir, clock)
	path := filepath.Join(dir, sqlite.File)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	const tables = 1 << 20 // the first of it: a look at the start finds nothing wrong there
	garble(t, path, tables, int(info.Size())-tables)
	var met error
	for n := range int64(300) {
		if _, met = s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 2, IID: n + 1}}); met != nil {
			break
		}
		if _, met = s.Claim(t.Context(), 0); met != nil {
			break
		}
	}
	_, claimed := s.Claim(t.Context(), 0)
	_, accepted := s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 3, IID: 1}})
	for what, err := range map[string]error{"what met it": met, "ping": s.Ping(t.Context()), "claim": claimed, "accept": accepted} {
		if !errors.Is(err, inbox.ErrUnavailable) {
			t.Errorf("%s: got %v, want unavailable", what, err)
			continue
		}
		for _, want := range []string{path, "is damaged", "Start the bot again", "sweep"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want it to say %q", what, err, want)
			}
		}
	}
	closeStore(t, s)
	if err := os.Remove(path + "-damaged"); err != nil { // as on a disk that took no new file
		t.Fatal(err)
	}
	s = open(t, dir, clock)
	if _, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 3, IID: 1}}); err != nil {
		t.Errorf("accepting after the next start: %v", err)
	}
	closeStore(t, s)
	open(t, dir, clock)
	if kept, err := filepath.Glob(filepath.Join(dir, "inbox-damaged-*.sqlite")); err != nil || len(kept) != 1 {
		t.Errorf("after two starts %v are kept aside, %v, want one file", kept, err)
	}
}

// Anybody may look at the file of a running bot and copy it: a copy is a whole store.
func TestLookAndCopy(t *testing.T) {
	dir, copied, clock := t.TempDir(), t.TempDir(), &inboxtest.Clock{}
	filled := inboxtest.Fill(t, open(t, dir, clock), clock)
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.File))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var waiting int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM waiting").Scan(&waiting); err != nil || waiting == 0 {
		t.Errorf("looking into the file: got %d rows, %v, want some", waiting, err)
	}
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", filepath.Join(copied, sqlite.File)); err != nil {
		t.Fatal(err)
	}
	filled.Check(t, open(t, copied, clock))
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// garble overwrites a part of a file with what no page begins with.
func garble(t *testing.T, path string, at int64, size int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("\xa5", size)), at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// exec runs a script on a database of its own connection.
func exec(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
