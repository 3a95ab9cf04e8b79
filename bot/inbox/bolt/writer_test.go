package bolt

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// A change that breaks after it has written must take back what it wrote and nothing else: the others of its transaction are run again,
// as if for the first time.
func TestWriterBroken(t *testing.T) {
	half := func(tx *bbolt.Tx) {
		if err := tx.Bucket(bucketMeta).Put([]byte("half"), []byte("x")); err != nil {
			panic(err)
		}
	}
	for _, test := range []struct {
		name   string
		breaks func(*bbolt.Tx) error
		want   string
	}{
		{"a panic", func(tx *bbolt.Tx) error { half(tx); panic("boom") }, "panicked: boom"},
		{"an error", func(tx *bbolt.Tx) error { half(tx); return errors.New("half done") }, "half done"},
		{"a refusal", func(*bbolt.Tx) error { return inbox.ErrLeaseLost }, inbox.ErrLeaseLost.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer closeStore(t, s)
			outcomes := make([]inbox.Outcome, 3)
			accept := func(i int, key string) *change {
				d := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}, Key: key}
				return &change{ctx: t.Context(), run: func(tx *bbolt.Tx) (err error) {
					outcomes[i], err = s.accept(tx, d, s.nowMicros())
					return err
				}}
			}
			group := []*change{accept(0, "a"), {ctx: t.Context(), run: test.breaks}, accept(1, "b"), accept(2, "a")}

			s.writes.stop() // the test is the writer now
			s.writes.commit(group)
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
			if err := s.db.View(func(tx *bbolt.Tx) error {
				if tx.Bucket(bucketMeta).Get([]byte("half")) != nil {
					t.Error("what the broken change wrote is in the file")
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			s.writes = startWriter(s.db, s.seen, s.tally, s.nowMicros, s.log) // for Close
		})
	}
}

// What expired leaves the file and the memory with later writes, a few at a time.
func TestPurge(t *testing.T) {
	now := time.Now()
	s, err := Open(Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	const keys = 60
	for n := range keys {
		d := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: int64(n + 1)}, Key: fmt.Sprint(n), Meaning: fmt.Sprint(n)}
		if _, err := s.Accept(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil {
		t.Fatalf("claiming: got %v, %v", b, err)
	}
	if err := s.Done(t.Context(), b, inbox.Result{Memory: []byte("m")}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(inbox.KeepMemory)
	for left := 2*keys + 1; left > 0; {
		if _, err := s.Accept(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}}); err != nil {
			t.Fatal(err)
		}
		left = max(0, left-20)
		count := map[string]int{}
		if err := s.db.View(func(tx *bbolt.Tx) error {
			for range scan(tx.Bucket(bucketExpiry), nil) {
				count["entries"]++
			}
			for range scan(tx.Bucket(bucketMemory), nil) {
				count["memories"]++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if count["entries"] != left || (left == 0 && count["memories"] != 0) {
			t.Fatalf("the file has %v, want %d entries and in the end no memory", count, left)
		}
	}
	if len(s.seen.kept) != 0 {
		t.Errorf("%d keys are in memory, want none", len(s.seen.kept))
	}
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}
