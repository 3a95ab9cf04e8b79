package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

func TestConformance(t *testing.T) {
	inboxtest.Run(t, func(t *testing.T, o inboxtest.Options) inboxtest.Store {
		return openBounded(t, t.TempDir(), o)
	})
}

func TestCoordination(t *testing.T) {
	coordinationtest.Run(t, func(t *testing.T, clock *coordinationtest.Clock) coordination.Store {
		return open(t, t.TempDir(), clock)
	})
}

func open(t *testing.T, dir string, clock *inboxtest.Clock) *sqlite.Store {
	t.Helper()
	return openBounded(t, dir, inboxtest.Options{Clock: clock})
}

func openBounded(t *testing.T, dir string, o inboxtest.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(sqlite.Options{Dir: dir, Lease: inboxtest.Lease, Now: o.Clock.Now, MaxDeliveries: o.MaxDeliveries})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s *sqlite.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
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
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	filled.Check(t, open(t, copied, clock))
}

// An issue that a killed process held need not wait for its lease: no other process can have it.
func TestReopenVoidsLeases(t *testing.T) {
	clock, dir := &inboxtest.Clock{}, t.TempDir()
	s := open(t, dir, clock)
	if _, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 2}, Body: []byte("b")}); err != nil {
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
	if err := s.Complete(t.Context(), old, inbox.Result{}); !errors.Is(err, inbox.ErrLeaseLost) {
		t.Errorf("done with the old lease: got %v, want it lost", err)
	}
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil || b.Attempt != 2 {
		t.Fatalf("claiming again: got %+v, %v, want attempt 2", b, err)
	}
}

// What is written to a file that was moved away would be gone with the process: it is refused until the file is back.
func TestMovedAway(t *testing.T) {
	dir, clock := t.TempDir(), &inboxtest.Clock{}
	s := open(t, dir, clock)
	path := filepath.Join(dir, sqlite.File)
	enqueue := func(n int64) error {
		_, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: n}})
		return err
	}
	rename := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if err := enqueue(1); err != nil {
		t.Fatal(err)
	}
	rename(path, path+".away")
	for what, err := range map[string]error{"enqueue": enqueue(2), "ping": s.Ping(t.Context())} {
		if !errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), path+" was moved or replaced") {
			t.Errorf("%s: got %v, want it unavailable, and why", what, err)
		}
	}
	rename(path+".away", path)
	if err := errors.Join(enqueue(2), s.Ping(t.Context())); err != nil {
		t.Errorf("with the file in its place again: %v", err)
	}
	closeStore(t, s)
	s = open(t, dir, clock)
	if stats, err := s.Stats(t.Context()); err != nil || stats.Deliveries != 2 {
		t.Errorf("the file holds %+v, %v, want two deliveries", stats, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := func(t *testing.T, content string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, sqlite.File), []byte(content), 0o600); err != nil {
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
			func(t *testing.T) string { return filepath.Join(file(t, "x"), sqlite.File) },
			[]string{"choose another data directory", sqlite.File},
		},
		{
			"another process",
			func(t *testing.T) string {
				dir := t.TempDir()
				open(t, dir, &inboxtest.Clock{})
				return dir
			},
			[]string{"in use by another process", "its own data directory", "replicas share their work in Redis"},
		},
		{
			"an older release's store",
			func(t *testing.T) string {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "inbox.db"), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
				return dir
			},
			[]string{"inbox.db", "older flowkeeper", "move the file away"},
		},
		{
			"another program's database",
			func(t *testing.T) string {
				dir := t.TempDir()
				exec(t, filepath.Join(dir, sqlite.File), "PRAGMA application_id = 7; CREATE TABLE x (y)")
				return dir
			},
			[]string{"the database of another program", "choose another data directory"},
		},
		{
			"an older layout",
			func(t *testing.T) string {
				dir := t.TempDir()
				closeStore(t, open(t, dir, &inboxtest.Clock{}))
				exec(t, filepath.Join(dir, sqlite.File), "PRAGMA user_version = 1")
				return dir
			},
			[]string{"layout 1", "older flowkeeper", "finish what waits in it, or move the file away"},
		},
		{
			"a later layout",
			func(t *testing.T) string {
				dir := t.TempDir()
				closeStore(t, open(t, dir, &inboxtest.Clock{}))
				exec(t, filepath.Join(dir, sqlite.File), "PRAGMA user_version = 99")
				return dir
			},
			[]string{"layout 99", "use the program that wrote it"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := sqlite.Open(sqlite.Options{Dir: test.dir(t), LockWait: 20 * time.Millisecond})
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

// A directory that is not ours is refused with what helps, also where the tests are root.
func TestOpenWithoutRights(t *testing.T) {
	dir := t.TempDir()
	// Everybody may get there and look, and nobody may write.
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	testkit.Unprivileged(t, func() {
		s, err := sqlite.Open(sqlite.Options{Dir: dir, LockWait: 20 * time.Millisecond})
		if err == nil {
			_ = s.Close()
			t.Fatal("it opened, want an error")
		}
		for _, want := range []string{"cannot be written by this user", "choose another data directory"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error %q does not say %q", err, want)
			}
		}
	})
}

// The tests of waiting have a clock that stands still while anybody works, so "at once" is exact.
func TestClaimWaits(t *testing.T) {
	inBubble := func(name string, test func(t *testing.T, s *sqlite.Store)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := sqlite.Open(sqlite.Options{Dir: t.TempDir(), Lease: inboxtest.Lease})
				if err != nil {
					t.Fatal(err)
				}
				defer closeStore(t, s)
				test(t, s)
			})
		})
	}
	one := triage.Ref{Project: 1, IID: 1}
	accept := func(t *testing.T, s *sqlite.Store, delay time.Duration) {
		t.Helper()
		if _, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: one, Delay: delay}); err != nil {
			t.Fatal(err)
		}
	}
	// claim waits up to ten hours and sends after how long it had a batch.
	claim := func(t *testing.T, ctx context.Context, s *sqlite.Store) <-chan time.Duration {
		from, claimed := time.Now(), make(chan time.Duration, 1)
		go func() {
			b, err := s.Claim(ctx, 10*time.Hour)
			if ctx.Err() == nil && (err != nil || b == nil) {
				t.Errorf("claiming: got %v, %v", b, err)
			}
			claimed <- time.Since(from)
		}()
		synctest.Wait() // until it waits
		return claimed
	}
	want := func(t *testing.T, claimed <-chan time.Duration, want time.Duration) {
		t.Helper()
		if got := <-claimed; got != want {
			t.Errorf("claimed after %s, want %s", got, want)
		}
	}

	inBubble("for an accept", func(t *testing.T, s *sqlite.Store) {
		claimed := claim(t, t.Context(), s)
		accept(t, s, 0)
		want(t, claimed, 0)
	})
	inBubble("for a due time", func(t *testing.T, s *sqlite.Store) {
		accept(t, s, time.Hour)
		want(t, claim(t, t.Context(), s), time.Hour)
	})
	inBubble("for a lease's end", func(t *testing.T, s *sqlite.Store) {
		accept(t, s, 0)
		want(t, claim(t, t.Context(), s), 0)
		want(t, claim(t, t.Context(), s), inboxtest.Lease)
	})
	for name, end := range map[string]func(ctx context.Context, s *sqlite.Store, b *inbox.Batch) error{
		"for a done with more to do": func(ctx context.Context, s *sqlite.Store, b *inbox.Batch) error {
			if _, err := s.Enqueue(ctx, inbox.Delivery{Issue: one}); err != nil {
				return err
			}
			return s.Complete(ctx, b, inbox.Result{})
		},
		"for a retry":   func(ctx context.Context, s *sqlite.Store, b *inbox.Batch) error { return s.Retry(ctx, b, 0, "") },
		"for a release": func(ctx context.Context, s *sqlite.Store, b *inbox.Batch) error { return s.Requeue(ctx, b) },
		"for a revive": func(ctx context.Context, s *sqlite.Store, b *inbox.Batch) error {
			if err := s.DeadLetter(ctx, b, "", nil); err != nil {
				return err
			}
			synctest.Wait()
			return s.Redrive(ctx, b.Issue)
		},
	} {
		inBubble(name, func(t *testing.T, s *sqlite.Store) {
			accept(t, s, 0)
			b, err := s.Claim(t.Context(), 0)
			if err != nil || b == nil {
				t.Fatalf("claiming: got %v, %v", b, err)
			}
			claimed := claim(t, t.Context(), s)
			if err := end(t.Context(), s, b); err != nil {
				t.Fatal(err)
			}
			want(t, claimed, 0)
		})
	}
	for leaves := range 2 {
		inBubble(fmt.Sprintf("and tells the other when waiter %d leaves", leaves), func(t *testing.T, s *sqlite.Store) {
			var waiters [2]<-chan time.Duration
			var leave [2]context.CancelFunc
			for i := range waiters {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				waiters[i], leave[i] = claim(t, ctx, s), cancel
			}
			accept(t, s, time.Hour)
			synctest.Wait()
			leave[leaves]()
			want(t, waiters[leaves], 0)
			want(t, waiters[1-leaves], time.Hour)
		})
	}
}
