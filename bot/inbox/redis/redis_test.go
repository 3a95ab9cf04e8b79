package redis_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

func TestConformance(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	var stores atomic.Int64
	inboxtest.Run(t, func(t *testing.T, clock *inboxtest.Clock) inbox.Inbox {
		return open(t, server, "test"+strconv.FormatInt(stores.Add(1), 10), clock)
	})
}

func open(t *testing.T, server *redistest.Server, prefix string, clock *inboxtest.Clock) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), redis.Options{
		URL: server.URL(), Prefix: prefix, Lease: inboxtest.Lease, TimeOffset: clock.Offset,
	})
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
