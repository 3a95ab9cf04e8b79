package redis_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

// BenchmarkTakeTokens has the workers of several replicas take tokens of one full bucket as fast as they can, and ask an empty one, which turns them
// away and keeps their places. What Redis has to do for one question is told beside.
func BenchmarkTakeTokens(b *testing.B) {
	for _, replicas := range []int{1, 2, 4} {
		b.Run(fmt.Sprint("full/replicas=", replicas), func(b *testing.B) {
			benchTokens(b, replicas, coordination.Bucket{Name: "api", Rate: 1e6, Burst: 1 << 30})
		})
	}
	for _, replicas := range []int{1, 2, 4} {
		b.Run(fmt.Sprint("empty/replicas=", replicas), func(b *testing.B) {
			benchTokens(b, replicas, coordination.Bucket{Name: "api", Rate: 1e-3, Burst: 1})
		})
	}
}

func benchTokens(b *testing.B, replicas int, bucket coordination.Bucket) {
	const workers = 8 // of a replica
	server, clock := redistest.Start(b, redistest.Options{}), &inboxtest.Clock{}
	var processes []*coordination.Coordinator
	for range replicas {
		s, err := redis.Open(b.Context(), redis.Options{URL: server.URL(), Lease: inboxtest.Lease, Now: clock.Now})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		processes = append(processes, coordination.New(s, s, s))
	}
	before := commandsRun(b, server)
	var left, taken atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var group sync.WaitGroup
	for n := range replicas * workers {
		group.Go(func() {
			mine := bucket
			mine.Who = fmt.Sprint(n % replicas)
			for left.Add(-1) >= 0 {
				wait, _, err := processes[n%replicas].TakeTokens(b.Context(), mine, 1)
				if err != nil {
					b.Errorf("taking: %v", err)
					return
				}
				if wait == 0 {
					taken.Add(1)
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	if want := min(int64(b.N), int64(bucket.Burst)); taken.Load() != want {
		b.Errorf("%d tokens were taken, want %d", taken.Load(), want)
	}
	b.ReportMetric(float64(commandsRun(b, server)-before)/float64(b.N), "scripts/ask")
}

// commandsRun is how many scripts the server ran.
func commandsRun(b *testing.B, server *redistest.Server) (calls int64) {
	b.Helper()
	c := client(b, server)
	info, err := c.Info(b.Context(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"evalsha", "eval"} {
		if _, rest, found := strings.Cut(info, "cmdstat_"+name+":calls="); found {
			var n int64
			if _, err := fmt.Sscanf(rest, "%d", &n); err != nil {
				b.Fatal(err)
			}
			calls += n
		}
	}
	return calls
}
