package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/bolt"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/rules/triage"
)

func TestConformance(t *testing.T) {
	inboxtest.Run(t, func(t *testing.T, clock *inboxtest.Clock) inbox.Inbox {
		return open(t, t.TempDir(), clock)
	})
}

func open(t *testing.T, dir string, clock *inboxtest.Clock) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(bolt.Options{Dir: dir, Lease: inboxtest.Lease, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

func TestReopen(t *testing.T) {
	clock, dir := &inboxtest.Clock{}, t.TempDir()
	s := open(t, dir, clock)
	filled := inboxtest.Fill(t, s, clock)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	filled.Check(t, open(t, dir, clock))
}

// A copy of the open file is what a process that is killed leaves behind.
func TestReopenCopy(t *testing.T) {
	clock, dir, copied := &inboxtest.Clock{}, t.TempDir(), t.TempDir()
	filled := inboxtest.Fill(t, open(t, dir, clock), clock)
	data, err := os.ReadFile(filepath.Join(dir, bolt.File))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, bolt.File), data, 0o600); err != nil {
		t.Fatal(err)
	}
	filled.Check(t, open(t, copied, clock))
}

// An issue that a killed process held need not wait for its lease: no other process can have it.
func TestReopenVoidsLeases(t *testing.T) {
	clock, dir := &inboxtest.Clock{}, t.TempDir()
	s := open(t, dir, clock)
	if _, err := s.Accept(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 2}, Body: []byte("b")}); err != nil {
		t.Fatal(err)
	}
	old, err := s.Claim(t.Context(), 0)
	if err != nil || old == nil {
		t.Fatalf("claiming: got %v, %v", old, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, clock)
	if err := s.Done(t.Context(), old, inbox.Result{}); !errors.Is(err, inbox.ErrLeaseLost) {
		t.Errorf("done with the old lease: got %v, want it lost", err)
	}
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil || b.Attempt != 2 {
		t.Fatalf("claiming again: got %+v, %v, want attempt 2", b, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := func(t *testing.T, content string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, bolt.File), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, test := range []struct {
		name string
		dir  func(t *testing.T) string
		want []string
	}{
		{"no directory", func(*testing.T) string { return "" }, []string{"no directory is given"}},
		{
			"a file in its place",
			func(t *testing.T) string { return filepath.Join(file(t, "x"), bolt.File) },
			[]string{"choose another data directory", bolt.File},
		},
		{
			"another process",
			func(t *testing.T) string {
				dir := t.TempDir()
				open(t, dir, &inboxtest.Clock{})
				return dir
			},
			[]string{"in use by another process", "its own data directory", "several replicas need Redis"},
		},
		{
			"another file",
			func(t *testing.T) string { return file(t, strings.Repeat("not a database ", 10_000)) },
			[]string{"not an inbox or is damaged", "move it away"},
		},
		{
			"a directory that is not ours",
			func(t *testing.T) string {
				if os.Geteuid() == 0 {
					t.Skip("root may write everywhere")
				}
				dir := t.TempDir()
				if err := os.Chmod(dir, 0o500); err != nil {
					t.Fatal(err)
				}
				return dir
			},
			[]string{"cannot be written by this user", "choose another data directory"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := bolt.Open(bolt.Options{Dir: test.dir(t), LockWait: 20 * time.Millisecond})
			if err == nil {
				_ = s.Close()
				t.Fatal("it opened, want an error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
		})
	}
}

// Keys that expired leave the file, a few with every write.
func TestPurge(t *testing.T) {
	clock, dir := &inboxtest.Clock{}, t.TempDir()
	s := open(t, dir, clock)
	const week = 2000
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, bolt.File))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	var first int64
	for round := range 4 {
		for n := range week {
			name := fmt.Sprint(round, " ", n)
			_, err := s.Accept(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}, Key: name, Meaning: name, Body: make([]byte, 100)})
			if err != nil {
				t.Fatal(err)
			}
		}
		b, err := s.Claim(t.Context(), 0)
		if err != nil || len(b.Deliveries) != week {
			t.Fatalf("claiming: got %d deliveries, %v, want %d", len(b.Deliveries), err, week)
		}
		if err := s.Done(context.WithoutCancel(t.Context()), b, inbox.Result{}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(inbox.KeepKeys)
		if round == 0 {
			first = size()
		}
	}
	if last := size(); last > first+1<<20 {
		t.Errorf("the file has %d bytes after four weeks and had %d after the first, want about the same", last, first)
	}
}
