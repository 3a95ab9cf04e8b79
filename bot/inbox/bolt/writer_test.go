package bolt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// A change that breaks after it has written must take back what it wrote and nothing else: the others of its transaction are run again.
func TestWriterBroken(t *testing.T) {
	put := func(key string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put([]byte(key), []byte("x")) }
	}
	for _, test := range []struct {
		name   string
		breaks func(*bbolt.Tx) error
		want   string
	}{
		{"a panic", func(tx *bbolt.Tx) error { _ = put("half")(tx); panic("boom") }, "panicked: boom"},
		{"an error", func(tx *bbolt.Tx) error { _ = put("half")(tx); return errors.New("half done") }, "half done"},
		{"a refusal", func(*bbolt.Tx) error { return inbox.ErrLeaseLost }, inbox.ErrLeaseLost.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(Options{Dir: t.TempDir(), Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			changes := []*change{
				{ctx: t.Context(), run: put("before")},
				{ctx: t.Context(), run: test.breaks},
				{ctx: t.Context(), run: put("after")},
			}
			s.writes.stop() // the test is the writer now
			s.writes.commit(changes)
			if changes[0].err != nil || changes[2].err != nil {
				t.Errorf("the others got %v and %v, want no errors", changes[0].err, changes[2].err)
			}
			if err := changes[1].err; err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the one that broke got %v, want %q", err, test.want)
			}
			err = s.db.View(func(tx *bbolt.Tx) error {
				meta := tx.Bucket(bucketMeta)
				for key, want := range map[string]bool{"before": true, "half": false, "after": true} {
					if got := meta.Get([]byte(key)) != nil; got != want {
						t.Errorf("%q is in the file: %t, want %t", key, got, want)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.writes = startWriter(s.db, s.seen, s.nowMicros, s.log) // for Close
		})
	}
}
