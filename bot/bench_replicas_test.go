package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
)

// BenchmarkReplicas measures replicas that share one Redis, all on this machine with the clients, Redis and GitLab: how many deliveries a
// second they accept together, and how many issues a second they decide against a GitLab that answers in 50 ms. The budget of calls is
// lifted; with that of gitlab.com, 25 calls a second, it alone would be measured.
func BenchmarkReplicas(b *testing.B) {
	for _, replicas := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("replicas=%d/accept", replicas), func(b *testing.B) { acceptWith(b, replicas) })
		b.Run(fmt.Sprintf("replicas=%d/decide", replicas), func(b *testing.B) { decideWith(b, replicas) })
	}
}

func acceptWith(b *testing.B, replicas int) {
	const clients, each = 64, 4000
	redis := redistest.Start(b, redistest.Options{AppendFsync: "always"})
	sample := sampleDelivery(b, secret, "")
	var loads []*load
	for n := range replicas {
		app := startBot(b, redis.URL())
		loads = append(loads, newLoad(b, app.URL(), sample, clients/replicas, n+1))
	}
	sent := 0
	var took time.Duration
	for b.Loop() {
		begin := time.Now()
		var group sync.WaitGroup
		for _, l := range loads {
			group.Go(func() { l.run(b, each) })
		}
		group.Wait()
		took += time.Since(begin)
		sent += each * replicas
	}
	b.ReportMetric(float64(sent)/took.Seconds(), "accepted/s")
}

// decideWith queues new issues, each of which wants labels and a note, and waits until the note is there.
func decideWith(b *testing.B, replicas int) {
	const issues = 400
	redis := redistest.Start(b, redistest.Options{AppendFsync: "always"})
	lab, url := slowLab(b, func(h http.Header) { h.Del("RateLimit-Name") })
	project := lab.AddProject("team/project")
	var apps []*bot.App
	for range replicas {
		apps = append(apps, startFor(b, url, func(o *bot.Options) {
			o.Inbox.RedisURL, o.Budget.PerMinute, o.Budget.NotesPerMinute, o.Policy.Grace = redis.URL(), 1_000_000, 1_000_000, 0
		}))
	}
	decided := 0
	var took time.Duration
	for b.Loop() {
		begin := time.Now()
		for range issues {
			ref, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "t"})
			if err != nil {
				b.Fatal(err)
			}
			queue(b, apps[0], lab.Issue(ref), ref, 1)
		}
		decided += issues
		await(b, func() bool { return noted(lab, project) == decided })
		took += time.Since(begin)
	}
	b.ReportMetric(float64(decided)/took.Seconds(), "decided/s")
}

func noted(lab *sandbox.Server, project int64) int {
	n := 0
	for _, i := range lab.Issues(project) {
		if len(i.CommentsBy(botName)) > 0 {
			n++
		}
	}
	return n
}

func await(b *testing.B, condition func() bool) {
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for !condition() {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			b.Fatal("the replicas do not come to an end")
		}
	}
}
