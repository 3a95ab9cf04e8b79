package spool_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/testkit"
)

// large is a delivery of one of two issues.
func large(i int) inbox.Delivery {
	d := delivery(int64(1+i%2), fmt.Sprint(i))
	d.Body = fmt.Appendf(nil, "body %d %s", i, strings.Repeat("x", 300))
	return d
}

// filled is the content of a spool with n large deliveries.
func filled(t *testing.T, n int) []byte {
	t.Helper()
	dir := t.TempDir()
	f := newFake()
	f.become(away)
	r := start(t, f, spool.Options{Dir: dir})
	for i := range n {
		r.accept(large(i), inbox.Stored)
	}
	r.end()
	content, err := os.ReadFile(filepath.Join(dir, spool.File))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// write makes a directory with a file.
func write(t *testing.T, name string, content []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A file that is damaged as a whole is kept aside, and the spool goes on with a new one.
func TestDamaged(t *testing.T) {
	good := filled(t, 200)
	for name, bad := range map[string][]byte{
		"another file": bytes.Repeat([]byte("not a database "), 10_000),
		"a short file": []byte("x"),
		"no content":   {},
		"zeros":        make([]byte, len(good)),
		"cut off":      good[:3*4096],
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, spool.File, bad)
			logs, records := observer.New(zap.ErrorLevel)
			f := newFake()
			f.become(away)
			r := start(t, f, spool.Options{Dir: dir, Log: zap.New(logs)})
			if n := r.Waiting(); n != 0 {
				t.Errorf("%d deliveries wait in a new file", n)
			}
			r.put(3, "new")
			r.end()
			all := records.All()
			if len(all) != 1 || !strings.Contains(all[0].Message, "the spool was damaged: its file is kept aside") {
				t.Fatalf("the log has %v, want one error", all)
			}
			kept, ok := all[0].ContextMap()["kept"].(string)
			if content, err := os.ReadFile(kept); !ok || err != nil || !bytes.Equal(content, bad) {
				t.Errorf("the damaged file is not in %q as it was: %v", kept, err)
			}

			f.become(answers)
			r = start(t, f, spool.Options{Dir: dir, Log: zap.New(logs)})
			drained(r)
			r.got(3, "new")
			r.end()
			if records.Len() != 1 {
				t.Errorf("the second start logged %v", records.All()[1:])
			}
		})
	}
}

// One delivery that is not as it was written holds up no other, is not handed over, and stays in the file for people to look at.
func TestDamagedDelivery(t *testing.T) {
	const n = 200
	bad := bytes.ReplaceAll(filled(t, n), []byte("body 100 "), []byte("body !00 ")) // wherever it stands: free pages keep copies
	dir := write(t, spool.File, bad)
	logs, records := observer.New(zap.ErrorLevel)
	f := newFake()
	r := start(t, f, spool.Options{Dir: dir, Log: zap.New(logs)})
	drained(r)
	r.put(1, "direct")
	r.end()
	if got := len(f.all()); got != n {
		t.Errorf("the inbox got %d deliveries, want %d and a new one", got, n-1)
	}
	if all := records.All(); len(all) != 1 || !strings.Contains(all[0].Message, "cannot be read; it is kept in the file") {
		t.Errorf("the log has %v, want one error", all)
	}
	r = start(t, f, spool.Options{Dir: dir, Log: zap.New(logs)})
	r.degraded()
	r.end()
	db, err := sql.Open("sqlite", filepath.Join(dir, spool.File))
	if err != nil {
		t.Fatal(err)
	}
	var kept int
	err = db.QueryRowContext(t.Context(), "SELECT count(*) FROM deliveries JOIN dead_letters USING (project, kind, iid) WHERE dead = 1 AND id = '100'").Scan(&kept)
	if err := errors.Join(err, db.Close()); err != nil || kept != 1 || records.Len() != 1 {
		t.Errorf("the file keeps %d unreadable deliveries, %v, and the log has %v, want one each", kept, err, records.All())
	}
}

// Any damage leaves a spool that works, or an error; what it hands over is what was accepted.
func TestDamagedAnyhow(t *testing.T) {
	good := filled(t, 60)
	random := rand.New(rand.NewPCG(1, 2))
	files := 60
	if testing.Short() {
		files = 6
	}
	for range files {
		bad := bytes.Clone(good)
		switch random.IntN(3) {
		case 0:
			bad = bad[:random.IntN(len(bad))]
		case 1:
			for range 1 + random.IntN(20) {
				bad[random.IntN(len(bad))] ^= 1 << random.IntN(8)
			}
		case 2:
			from := random.IntN(len(bad))
			copy(bad[from:min(len(bad), from+4096)], make([]byte, 4096))
		}
		f := newFake()
		s, err := spool.Open(spool.Options{Inbox: f, Dir: write(t, spool.File, bad)})
		if err != nil {
			if !strings.Contains(err.Error(), "choose another data directory") && !strings.Contains(err.Error(), "or another data directory") {
				t.Errorf("opening a damaged file: %v, want it kept aside or a way out", err)
			}
			continue
		}
		r := drain(t, s, f)
		testkit.Until(t, "a delivery is taken and all others are handed over", func() bool {
			_, err := r.Enqueue(t.Context(), delivery(9, "new"))
			return err == nil && r.Waiting() == 0
		})
		r.end()
		for _, d := range f.all() {
			var i int
			if _, err := fmt.Sscan(d.ID, &i); err != nil {
				continue // the new one
			}
			if want := large(i); d.Issue != want.Issue || d.IdempotencyKey != want.IdempotencyKey || d.ContentKey != want.ContentKey || !bytes.Equal(d.Body, want.Body) {
				t.Errorf("the inbox got %+v", d)
			}
		}
	}
}

// Damage that comes while the spool is open stops what goes through the file. What Redis takes goes directly.
func TestDamagedWhileOpen(t *testing.T) {
	dir := t.TempDir()
	f := newFake()
	f.become(away)
	r := start(t, f, spool.Options{Dir: dir})
	for i := range 300 { // more than what stays in memory
		d := large(i)
		d.Body = bytes.Repeat([]byte("x"), 20_000)
		r.accept(d, inbox.Stored)
	}
	r.end()
	r = start(t, f, spool.Options{Dir: dir, Probe: time.Millisecond})
	path := filepath.Join(dir, spool.File)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(bytes.Repeat([]byte("\xa5"), int(info.Size())-4096), 4096)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the damage is met", func() bool { return strings.Contains(fmt.Sprint(r.Degraded()), "the file is damaged") })
	_, err = r.Enqueue(t.Context(), delivery(3, "refused"))
	if !errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), "Start the bot again: it keeps the file aside") {
		t.Errorf("accepting without Redis and file: got %v, want it unavailable, and what to do", err)
	}
	if r.Accepts() {
		t.Error("the spool says that it accepts without Redis and file")
	}
	f.become(answers)
	testkit.Until(t, "both issues go directly", func() bool {
		_, first := r.Enqueue(t.Context(), delivery(1, "first"))
		_, second := r.Enqueue(t.Context(), delivery(2, "second"))
		return first == nil && second == nil
	})
	if !r.Accepts() {
		t.Error("the spool says that it accepts nothing, with Redis there")
	}
	r.degraded("the file is damaged", "cannot be read")
	r.end()

	r = start(t, f, spool.Options{Dir: dir})
	r.degraded()
	f.become(away)
	r.put(3, "refused")
	r.end()
	if kept, err := filepath.Glob(filepath.Join(dir, "spool-damaged-*.sqlite")); err != nil || len(kept) != 1 {
		t.Errorf("%v are kept aside, %v, want one file", kept, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		dir  func(t *testing.T) string
		want []string
	}{
		{"no directory", func(*testing.T) string { return "" }, []string{"it needs an inbox and a directory"}},
		{
			"a file in place of the directory",
			func(t *testing.T) string { return filepath.Join(write(t, "x", nil), "x") },
			[]string{"choose another data directory"},
		},
		{
			"another process",
			func(t *testing.T) string {
				dir := t.TempDir()
				t.Cleanup(start(t, newFake(), spool.Options{Dir: dir}).end)
				return dir
			},
			[]string{"opening the spool in " + os.TempDir(), "in use by another process", "its own data directory"},
		},
		{
			"an older program's file",
			func(t *testing.T) string { return write(t, "spool.db", []byte("x")) },
			[]string{"spool.db is the spool of an older flowkeeper", "let the old one finish what waits in it", "move the file away", "the sweep"},
		},
		{
			"a newer program's file",
			func(t *testing.T) string {
				dir := t.TempDir()
				start(t, newFake(), spool.Options{Dir: dir}).end()
				db, err := sql.Open("sqlite", filepath.Join(dir, spool.File))
				if err != nil {
					t.Fatal(err)
				}
				_, err = db.ExecContext(t.Context(), "PRAGMA user_version = 99")
				if err := errors.Join(err, db.Close()); err != nil {
					t.Fatal(err)
				}
				return dir
			},
			[]string{"layout 99", "use the program that wrote it"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := test.dir(t)
			s, err := spool.Open(spool.Options{Inbox: newFake(), Dir: dir, LockWait: 20 * time.Millisecond})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it opened, want an error"), s.Close()))
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
			if kept, _ := filepath.Glob(filepath.Join(dir, "*damaged*")); dir != "" && len(kept) > 0 {
				t.Errorf("%v was kept aside", kept)
			}
		})
	}
}
