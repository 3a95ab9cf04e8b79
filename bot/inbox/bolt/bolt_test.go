package bolt_test

import (
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/bolt"
	"flowkeeper/bot/inbox/inboxtest"
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
