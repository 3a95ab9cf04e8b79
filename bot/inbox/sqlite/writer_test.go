package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// A change that breaks after it has written must take back what it wrote and nothing else: the others of its transaction are run again,
// as if for the first time.
func TestWriterBroken(t *testing.T) {
	half := func(t *tx) {
		if _, err := t.exec(`INSERT INTO meta VALUES ('half', 1)`); err != nil {
			panic(err)
		}
		t.deliveries++
	}
	for _, test := range []struct {
		name   string
		breaks func(*tx) error
		want   string
	}{
		{"a panic", func(t *tx) error { half(t); panic("boom") }, "panicked: boom"},
		{"an error", func(t *tx) error { half(t); return errors.New("half done") }, "half done"},
		{"a refusal", func(*tx) error { return inbox.ErrLeaseLost }, inbox.ErrLeaseLost.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openStore(t, Options{Dir: t.TempDir()})
			outcomes := make([]inbox.Outcome, 3)
			accept := func(i int, key string) *change {
				d := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}, IdempotencyKey: key}
				return &change{ctx: t.Context(), run: func(tx *tx) (err error) {
					outcomes[i], err = s.accept(tx, d)
					return err
				}}
			}
			group := []*change{accept(0, "a"), {ctx: t.Context(), run: test.breaks}, accept(1, "b"), accept(2, "a")}

			s.writer.stop() // the test is the writer now
			s.writer.commit(group)
			for i, c := range group {
				if i == 1 {
					if c.err == nil || !strings.Contains(c.err.Error(), test.want) {
						t.Errorf("the one that broke got %v, want %q", c.err, test.want)
					}
				} else if c.err != nil {
					t.Errorf("change %d got %v, want no error", i, c.err)
				}
			}
			if got, want := fmt.Sprint(outcomes), "[stored stored duplicate]"; got != want {
				t.Errorf("accepts got %s, want %s", got, want)
			}
			if got := count(t, s, "meta WHERE name = 'half'"); got != 0 {
				t.Error("what the broken change wrote is in the file")
			}
			stats, err := s.Stats(t.Context())
			if err != nil || stats.Deliveries != 2 || stats.Issues != 1 {
				t.Errorf("stats: got %+v, %v, want 2 deliveries of 1 issue", stats, err)
			}
			s.writer.closing, s.writer.done = make(chan struct{}), make(chan struct{}) // for Close
			go s.writer.loop()
		})
	}
}

// However many changes wait, they cost one commit, and a commit is one sync of the log beside the file.
func TestOneSyncPerGroup(t *testing.T) {
	s := openStore(t, Options{Dir: t.TempDir()})
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} { // 2 is FULL: a commit syncs
		var got string
		if _, err := s.writer.statements.get("PRAGMA "+pragma, nil, &got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", pragma, got, err, want)
		}
	}
	group := make([]*change, maxBatch)
	for n := range group {
		d := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: int64(n%7 + 1)}, IdempotencyKey: fmt.Sprint(n), ContentKey: fmt.Sprint(n)}
		group[n] = &change{ctx: t.Context(), answer: make(chan error, 1), run: func(tx *tx) error {
			_, err := s.accept(tx, d)
			return err
		}}
	}
	s.writer.stop() // the test is the writer now
	before := commits(t, s)
	s.writer.commit(group)
	if got := commits(t, s) - before; got != 1 {
		t.Errorf("%d changes were written by %d commits, want one", len(group), got)
	}
	s.writer.closing, s.writer.done = make(chan struct{}), make(chan struct{}) // for Close
	go s.writer.loop()
}

// commits counts the commits in the log beside the file: the frames that say how large the file is after them.
func commits(t *testing.T, s *Store) (n int) {
	t.Helper()
	log, err := os.ReadFile(s.file.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	const head, frame = 32, 24
	page := int(binary.BigEndian.Uint32(log[8:]))
	for at := head; at+frame+page <= len(log); at += frame + page {
		if bytes.Equal(log[at+8:at+16], log[16:24]) && binary.BigEndian.Uint32(log[at+4:]) > 0 { // not left over from before
			n++
		}
	}
	return n
}

// What expired leaves the file with later writes, a few at a time.
func TestPurge(t *testing.T) {
	now := time.Now()
	s := openStore(t, Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	const keys = 60
	for n := range keys {
		d := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: int64(n + 1)}, IdempotencyKey: fmt.Sprint(n), ContentKey: fmt.Sprint(n)}
		if _, err := s.Enqueue(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil {
		t.Fatalf("claiming: got %v, %v", b, err)
	}
	if err := s.Complete(t.Context(), b, inbox.Result{Memory: []byte("m")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CompareAndSwap(t.Context(), "a", nil, []byte("b"), time.Hour); err != nil {
		t.Fatal(err)
	}
	now = now.Add(inbox.KeepMemory + 24*time.Hour)
	for left := keys; left > 0; {
		if _, err := s.Enqueue(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}}); err != nil {
			t.Fatal(err)
		}
		left = max(0, left-20)
		if got := count(t, s, "dedup"); got != left {
			t.Fatalf("the file has %d keys, want %d", got, left)
		}
	}
	for _, table := range []string{"memories", "coordination"} {
		if got := count(t, s, table); got != 0 {
			t.Errorf("%s has %d rows, want none", table, got)
		}
	}
}

// A disk that is full is told in words, and logged once; when there is room again, so is the store, be there deliveries or not.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		s := openStore(t, Options{Dir: t.TempDir(), Log: zap.New(core)})
		big := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}, Body: make([]byte, 64<<10)}
		limit := func(pages int) {
			t.Helper()
			if err := s.writer.do(t.Context(), func(tx *tx) error {
				var got int
				_, err := tx.get(fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil, &got)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		limit(1) // as many as there are
		for range 3 {
			_, err := s.Enqueue(t.Context(), big)
			if !errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), "the disk is full") {
				t.Fatalf("accepting on a full disk: got %v, want it unavailable, and why", err)
			}
		}
		if err := s.Ping(t.Context()); !errors.Is(err, inbox.ErrUnavailable) {
			t.Errorf("ping on a full disk: got %v, want it unavailable", err)
		}
		if said := logs.TakeAll(); len(said) != 1 || !strings.Contains(said[0].Message, "the inbox cannot be written") {
			t.Errorf("it logged %v, want one line", said)
		}
		<-time.After(tryAgain)
		synctest.Wait() // there is room for what the store tries of its own accord
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("ping with room again: %v", err)
		}
		if said := logs.TakeAll(); len(said) != 1 || !strings.Contains(said[0].Message, "the inbox can be written again") {
			t.Errorf("it logged %v, want one line", said)
		}
		limit(1 << 30)
		if outcome, err := s.Enqueue(t.Context(), big); err != nil || outcome != inbox.Stored {
			t.Fatalf("accepting with room again: got %s, %v", outcome, err)
		}
	})
}

func openStore(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(o)
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

func count(t *testing.T, s *Store, what string) int {
	t.Helper()
	var n int
	if _, err := s.get(t.Context(), "counting", "SELECT count(*) FROM "+what, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
