package bot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// latency is how long the GitLab of these benchmarks takes for each answer.
const latency = 50 * time.Millisecond

// slowLab is a GitLab in memory that takes its time. headers may change those of its answers.
func slowLab(b *testing.B, headers func(http.Header)) (*sandbox.Server, string) {
	lab := sandbox.New(sandbox.Options{Token: botToken})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(latency):
			lab.ServeHTTP(changed{w, headers}, r)
		case <-r.Context().Done():
		}
	}))
	lab.SetURL(web.URL)
	b.Cleanup(func() { lab.Close(); web.Close() })
	for _, name := range []string{"ann", "omar"} {
		if _, err := lab.AddUser(name, name, sandbox.Developer); err != nil {
			b.Fatal(err)
		}
	}
	return lab, web.URL
}

// changed is an answer whose headers are changed before they are sent.
type changed struct {
	http.ResponseWriter
	change func(http.Header)
}

func (c changed) WriteHeader(status int) {
	c.change(c.Header())
	c.ResponseWriter.WriteHeader(status)
}

// startFor starts a bot, as it is shipped, for a GitLab.
func startFor(b *testing.B, url string, adjust func(*bot.Options)) *bot.App {
	c := config.Default(rules.Catalogue())
	o := bot.Options{
		Version: "bench", Drain: 5 * time.Second,
		Server:  bot.Server{Listen: "127.0.0.1:0"},
		Admin:   bot.Admin{Listen: "127.0.0.1:0"},
		Webhook: webhook.Options{Secrets: []string{secret}},
		Inbox:   bot.Inbox{DataDir: b.TempDir(), Max: c.Inbox.Max, Spool: c.Inbox.Spool, Lease: c.Inbox.Lease},
		GitLab:  gitlab.Options{URL: url, Token: botToken},
		Budget:  budget.Options{PerMinute: c.GitLab.Rate, NotesPerMinute: c.GitLab.NotesRate},
		Worker:  worker.Options{Freshness: c.Inbox.Freshness, Workers: c.Inbox.Workers, Attempts: c.Inbox.Attempts, Backoff: time.Second},
		Policy:  c.Policy(), Log: zap.NewNop(),
	}
	if adjust != nil {
		adjust(&o)
	}
	app := launch(b, o)
	testkit.Receive(b, "the bot to be ready", app.Ready())
	return app
}

// BenchmarkCommandUnderFlood measures how long a command waits for its answer while 10,000 events of 2,500 issues are queued, each of which
// makes work: GitLab answers in 50 ms and the budget of calls is that of gitlab.com.
func BenchmarkCommandUnderFlood(b *testing.B) {
	const issues, events = 2500, 4
	lab, url := slowLab(b, func(http.Header) {})
	project := lab.AddProject("team/project")
	app := startFor(b, url, nil)
	for n := range issues {
		ref, err := lab.Open("ann", project, sandbox.IssueOptions{Title: fmt.Sprint("flood ", n)})
		if err != nil {
			b.Fatal(err)
		}
		queue(b, app, lab.Issue(ref), ref, events)
	}
	if _, err := lab.AddHook(project, sandbox.Hook{URL: app.URL(), Token: secret}); err != nil {
		b.Fatal(err)
	}
	var longest, all time.Duration
	nth := int64(0)
	for b.Loop() {
		nth++
		ref := triage.Ref{Project: project, IID: issues + 1 - nth%issues}
		begin := time.Now()
		id, err := lab.Comment("omar", ref, "/flow weight 2")
		if err != nil {
			b.Fatal(err)
		}
		if err := lab.Await(b.Context(), func() bool { return reacted(lab.Issue(ref), id) }); err != nil {
			b.Fatal(err)
		}
		took := time.Since(begin)
		longest, all = max(longest, took), all+took
	}
	stats, err := app.Inbox().Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(stats.Deliveries), "still-queued")
	b.ReportMetric(longest.Seconds(), "longest-s")
	b.ReportMetric(all.Seconds()/float64(nth), "mean-s")
}

// queue puts events of an issue into the inbox, as delivered webhooks would.
func queue(b *testing.B, app *bot.App, i sandbox.Issue, ref triage.Ref, events int) {
	for n := range events {
		now := time.Now()
		body, err := record.Event{
			Event: triage.Event{Kind: triage.Updated | triage.LabelsChanged, Actor: triage.Person{ID: 999, Username: i.Author}, At: now, ReceivedAt: now},
			Issue: triage.Issue{
				Ref: ref, ID: i.ID, Path: i.Path, Type: "Issue", Title: i.Title, Labels: i.Labels, Author: triage.Person{ID: 999, Username: i.Author},
				CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
			},
		}.Encode()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := app.Inbox().Enqueue(b.Context(), inbox.Delivery{Issue: ref, IdempotencyKey: fmt.Sprint("flood", ref, n), Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}

func reacted(i sandbox.Issue, note int64) bool {
	for _, n := range i.Comments() {
		if n.ID == note {
			return len(n.Awards) > 0
		}
	}
	return false
}
