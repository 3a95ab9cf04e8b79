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

func Benchmark(b *testing.B) {
	for _, fsync := range []string{"everysec", "always"} {
		b.Run("fsync="+fsync, func(b *testing.B) { inboxtest.Bench(b, benchStores(b, fsync)) })
	}
}

func BenchmarkSlopes(b *testing.B) { inboxtest.Slopes(b, benchStores(b, "everysec")) }

// benchStores makes stores on one server.
func benchStores(b *testing.B, fsync string) func(b *testing.B) inbox.Inbox {
	server := redistest.Start(b, redistest.Options{AppendFsync: fsync})
	var stores atomic.Int64
	return func(b *testing.B) inbox.Inbox {
		prefix := "bench" + strconv.FormatInt(stores.Add(1), 10)
		s, err := redis.Open(b.Context(), redis.Options{URL: server.URL(), Prefix: prefix})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		})
		return s
	}
}
