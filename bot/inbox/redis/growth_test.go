package redis_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/rules/triage"
)

// BenchmarkGrowth handles 100,000 issues once each and reports what Redis holds of them: memories of 700 bytes for 90 days, keys that
// suppress repeats for 7 days, and the newest 10,000 records.
func BenchmarkGrowth(b *testing.B) {
	const step, steps = 25_000, 4
	server := redistest.Start(b, redistest.Options{AppendFsync: "everysec"})
	store, err := redis.Open(b.Context(), redis.Options{URL: server.URL()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	options, err := goredis.ParseURL(server.URL())
	if err != nil {
		b.Fatal(err)
	}
	client := goredis.NewClient(options)
	defer func() { _ = client.Close() }()
	memory, record, body := bytes.Repeat([]byte("m"), 700), bytes.Repeat([]byte("r"), 1500), bytes.Repeat([]byte("b"), 600)
	for b.Loop() {
		for n := range step * steps {
			issue := triage.Ref{Project: int64(1 + n%100), IID: int64(1 + n/100)}
			if _, err := store.Enqueue(b.Context(), inbox.Delivery{Issue: issue, IdempotencyKey: fmt.Sprint("k", n), ContentKey: fmt.Sprint("m", n), Body: body}); err != nil {
				b.Fatal(err)
			}
			batch, err := store.Claim(b.Context(), time.Second)
			if err != nil || batch == nil {
				b.Fatal(batch, err)
			}
			if err := store.Complete(b.Context(), batch, inbox.Result{Memory: memory, Record: record}); err != nil {
				b.Fatal(err)
			}
			if (n+1)%step == 0 {
				info, err := client.Info(b.Context(), "memory").Result()
				if err != nil {
					b.Fatal(err)
				}
				keys, err := client.DBSize(b.Context()).Result()
				if err != nil {
					b.Fatal(err)
				}
				_, used, _ := strings.Cut(info, "used_memory_human:")
				used, _, _ = strings.Cut(used, "\r")
				b.Logf("%d issues: %s of memory, %d keys", n+1, used, keys)
			}
		}
	}
}
