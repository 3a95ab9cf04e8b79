package deploy_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/mail"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

const (
	token     = "glpat-the-bots-own-token"
	secret    = "the-webhooks-secret"
	reachable = time.Minute // far more than anything here takes
)

// running is the real bot on a Redis, as in production, before a GitLab in memory.
type running struct {
	*testing.T
	gitlab  *sandbox.Server
	app     *bot.App
	project int64
	logged  chan struct{} // room for one: the bot has logged something since it was looked at
}

// start starts all of it and waits until the bot is ready.
func start(t *testing.T) *running {
	t.Helper()
	r := &running{T: t, gitlab: sandbox.New(sandbox.Options{Token: token, Edition: sandbox.Premium}), logged: make(chan struct{}, 1)}
	server := httptest.NewServer(r.gitlab)
	r.gitlab.SetURL(server.URL)
	t.Cleanup(func() { r.gitlab.Close(); server.Close() })
	if _, err := r.gitlab.AddUser("ann", "Ann", sandbox.Developer); err != nil {
		t.Fatal(err)
	}
	r.project = r.gitlab.AddProject("team/project")

	c := config.Default(rules.Catalogue())
	c.Inbox.Grace, c.Inbox.Settle = 0, 0 // reminders would wait for it
	for i := range c.Rules {
		if c.Rules[i].ID == "design-needs-ux" {
			c.Rules[i].Mode = triage.Shadow // what it would have done is counted, too
		}
	}
	app, err := bot.New(t.Context(), bot.Options{
		Version: "test", Drain: 5 * time.Second,
		Server:   bot.Server{Listen: "127.0.0.1:0"},
		Admin:    bot.Admin{Listen: "127.0.0.1:0"},
		Webhook:  webhook.Options{Secrets: []string{secret}},
		Inbox:    bot.Inbox{RedisURL: redistest.Start(t, redistest.Options{}).URL(), DataDir: t.TempDir(), Max: c.Inbox.Max, Spool: c.Inbox.Spool, Lease: c.Inbox.Lease},
		GitLab:   gitlab.Options{URL: server.URL, Token: token},
		Reports:  bot.Reports{MailKickoff: true, Mail: mail.Options{Host: "smtp.example.com", From: "flowkeeper@example.com"}}, // nothing is sent
		Budget:   budget.Options{PerMinute: c.GitLab.Rate, NotesPerMinute: c.GitLab.NotesRate},
		Worker:   worker.Options{Freshness: c.Inbox.Freshness, Workers: c.Inbox.Workers, Attempts: c.Inbox.Attempts, Backoff: time.Second},
		Schedule: schedule.Options{Projects: []string{"team/project"}, Every: c.Schedule.Sweep, Hooks: c.Schedule.Hooks, Lookback: c.Schedule.Lookback},
		Policy:   c.Policy(), Log: r.log(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Stop() })
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-app.Ready():
	case err := <-app.Failed():
		t.Fatal(err)
	case <-time.After(reachable):
		t.Fatal("the bot is not ready")
	}
	if _, err := r.gitlab.AddHook(r.project, sandbox.Hook{URL: app.URL(), Token: secret}); err != nil {
		t.Fatal(err)
	}
	r.app = app
	return r
}

// log is a log that nobody reads; that something was written shows in r.logged.
func (r *running) log() *zap.Logger {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zapcore.InfoLevel)
	return zap.New(core, zap.Hooks(func(zapcore.Entry) error {
		select {
		case r.logged <- struct{}{}:
		default:
		}
		return nil
	}))
}

// work lets the bot do one of everything that is counted under a label: a metric without any label value yet is not shown.
func (r *running) work() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "a bug", Labels: []string{"security", "workflow::design"}})
	if err != nil {
		r.Fatal(err)
	}
	if _, err := r.gitlab.Comment("ann", ref, "/flow help"); err != nil {
		r.Fatal(err)
	}
	for {
		var missing []string
		shown := r.metrics()
		for _, name := range []string{"jobs", "commands", "sweeps", "rule_actions", "rule_findings", "notes", "shadow"} {
			if !shown["flowkeeper_"+name+"_total"] {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 {
			return
		}
		select {
		case <-r.logged: // the bot counts before it logs
		case <-ctx.Done():
			r.Fatalf("the bot did not count any %v", missing)
		}
	}
}

// get is the status of a page of the admin address.
func (r *running) get(path string) int {
	r.Helper()
	answer, err := http.Get(r.app.AdminURL() + path)
	if err != nil {
		r.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// exposition is what Prometheus reads of /metrics now.
func (r *running) exposition() string {
	r.Helper()
	answer, err := http.Get(r.app.AdminURL() + "/metrics")
	if err != nil {
		r.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		r.Fatalf("/metrics: %d %v", answer.StatusCode, err)
	}
	return string(text)
}

// metrics are the names that /metrics shows now, as a query uses them: a histogram has its three.
func (r *running) metrics() map[string]bool {
	r.Helper()
	names := map[string]bool{}
	for line := range strings.Lines(r.exposition()) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[0] == "#" && fields[1] == "TYPE" {
			if fields[3] != "histogram" {
				names[fields[2]] = true
				continue
			}
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				names[fields[2]+part] = true
			}
		}
	}
	return names
}
