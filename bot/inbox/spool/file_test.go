package spool_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
)

// filled is the content of a spool with n deliveries of two issues.
func filled(t *testing.T, n int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spool.db")
	f := newFake()
	f.become(away)
	r := start(t, f, spool.Options{Path: path})
	for i := range n {
		d := delivery(int64(1+i%2), fmt.Sprint(i))
		d.Body = bytes.Repeat([]byte("x"), 300)
		r.accept(d, inbox.Stored)
	}
	r.end()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "spool.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamaged(t *testing.T) {
	const n = 200
	good := filled(t, n)
	for _, test := range []struct {
		name   string
		damage func(b []byte) []byte
		saved  bool // at least some deliveries
	}{
		{"another file", func([]byte) []byte { return bytes.Repeat([]byte("not a database "), 10_000) }, false},
		{"a short file", func([]byte) []byte { return []byte("x") }, false},
		{"zeros", func(b []byte) []byte { return make([]byte, len(b)) }, false},
		{"cut off", func(b []byte) []byte { return b[:3*os.Getpagesize()] }, false},
		{"one delivery", func(b []byte) []byte { // wherever it stands: pages that are free again keep copies
			return bytes.ReplaceAll(b, []byte("meaning 100"), []byte("meaning !00"))
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			bad := test.damage(bytes.Clone(good))
			path := write(t, bad)
			logs, records := observer.New(zap.ErrorLevel)
			f := newFake()
			f.become(away)
			r := start(t, f, spool.Options{Path: path, Log: zap.New(logs)})
			defer func() { r.end() }()
			if saved := r.Waiting(); saved >= n || (saved > 0) != test.saved {
				t.Errorf("%d of %d deliveries were saved", saved, n)
			}
			if all := records.All(); len(all) != 1 || !strings.Contains(all[0].Message, "damaged") {
				t.Fatalf("the log has %v, want one error", all)
			}
			aside, ok := records.All()[0].ContextMap()["moved_to"].(string)
			if content, err := os.ReadFile(aside); !ok || err != nil || !bytes.Equal(content, bad) {
				t.Errorf("the damaged file is not in %q as it was: %v", aside, err)
			}
			r.put(3, "new")
			waiting := r.Waiting()
			r.end()

			f.become(answers)
			r = start(t, f, spool.Options{Path: path, Log: zap.New(logs)})
			drained(r)
			if got := len(f.all()); got != waiting {
				t.Errorf("the inbox got %d deliveries, want %d", got, waiting)
			}
			if records.Len() != 1 {
				t.Errorf("the second start logged %v", records.All()[1:])
			}
		})
	}
}

// Any damage leaves a spool that works, or an error; what it hands over is what was accepted.
func TestDamagedAnyhow(t *testing.T) {
	good := filled(t, 60)
	end := bytes.LastIndex(good, []byte("xxxxxxxx")) + 1 // what follows was never written
	random := rand.New(rand.NewPCG(1, 2))
	files := 60
	if testing.Short() {
		files = 6
	}
	for range files {
		bad := bytes.Clone(good)
		switch random.IntN(3) {
		case 0:
			bad = bad[:random.IntN(end)]
		case 1:
			for range 1 + random.IntN(20) {
				bad[random.IntN(end)] ^= 1 << random.IntN(8)
			}
		case 2:
			from := random.IntN(end)
			copy(bad[from:min(end, from+4096)], make([]byte, 4096))
		}
		f := newFake()
		r := start(t, f, spool.Options{Path: write(t, bad)})
		r.put(9, "new")
		drained(r)
		r.end()
		for _, d := range f.all() {
			if d.Issue.IID != 9 && (d.IdempotencyKey != "key "+d.ID || len(d.Body) != 300) {
				t.Errorf("the inbox got %+v", d)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		path func(t *testing.T) string
		want []string
	}{
		{"no path", func(*testing.T) string { return "" }, []string{"the path of its file"}},
		{
			"a file in place of the directory",
			func(t *testing.T) string { return filepath.Join(write(t, []byte("x")), "spool.db") },
			[]string{"choose another data directory"},
		},
		{
			"another process",
			func(t *testing.T) string {
				path := write(t, nil)
				t.Cleanup(start(t, newFake(), spool.Options{Path: path}).end)
				return path
			},
			[]string{"opening the spool in " + os.TempDir(), "in use by another process", "its own data directory"},
		},
		{
			"a newer program's file",
			func(t *testing.T) string {
				path := write(t, nil)
				start(t, newFake(), spool.Options{Path: path}).end()
				setVersion(t, path)
				return path
			},
			[]string{"has layout 7", "use the program that wrote it"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := test.path(t)
			s, err := spool.Open(spool.Options{Inbox: newFake(), Path: path, LockWait: 20 * time.Millisecond})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it opened, want an error"), s.Close()))
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
			if aside, _ := filepath.Glob(path + ".damaged*"); path != "" && len(aside) > 0 {
				t.Errorf("%v was moved aside", aside)
			}
		})
	}
}

func setVersion(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		v := []byte{0, 0, 0, 0, 0, 0, 0, 7}
		sum := crc32.Checksum(v, crc32.MakeTable(crc32.Castagnoli))
		return tx.Bucket([]byte("meta")).Put([]byte("version"), append(binary.BigEndian.AppendUint32(nil, sum), v...))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
