package bot_test

import (
	"context"
	"encoding/base64"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/testkit"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// rig is the real bot against a GitLab in memory, through real HTTP.
type rig struct {
	*testing.T
	gitlab  *sandbox.Server
	options bot.Options
	app     *bot.App
	handled *handled
	project int64
	hook    int64
	people  map[string]int64 // ids
	lag     int              // reads that show the state from before each thing that a person does
	ahead   atomic.Int64     // of GitLab's clock, in nanoseconds
}

const (
	botToken  = "glpat-the-bots-own-token"
	secret    = "the-webhooks-secret"
	botName   = "flowkeeper-bot"
	reachable = time.Minute // far more than anything here takes
)

var signingToken = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

// newRig starts both. The options may be changed by adjust; by default nothing settles or waits, and the store is embedded.
func newRig(t *testing.T, edition sandbox.Edition, adjust func(*bot.Options)) *rig {
	t.Helper()
	r := &rig{T: t, handled: newHandled(), people: map[string]int64{}}
	r.gitlab = sandbox.New(sandbox.Options{Token: botToken, Edition: edition, Now: func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }})
	server := httptest.NewServer(r.gitlab)
	r.gitlab.SetURL(server.URL)
	t.Cleanup(func() { r.gitlab.Close(); server.Close() })
	for name, level := range map[string]int{"ann": sandbox.Reporter, "omar": sandbox.Developer, "mia": sandbox.Maintainer} {
		id, err := r.gitlab.AddUser(name, name, level)
		r.must(nil, err)
		r.people[name] = id
	}
	r.project = r.gitlab.AddProject("team/project")

	handbook := config.Default(rules.Catalogue())
	handbook.Team.Roster[triage.EngineeringManager] = []string{"mia"}
	handbook.Inbox.Grace, handbook.Inbox.Settle, handbook.Inbox.TriageDays = 0, 0, 0
	r.options = bot.Options{
		Version: "test", Drain: 5 * time.Second,
		Server:  bot.Server{Listen: testkit.Loopback() + ":0"},
		Admin:   bot.Admin{Listen: "127.0.0.1:0"},
		Webhook: webhook.Options{Secrets: []string{secret}, SigningTokens: []string{signingToken}},
		Inbox:   bot.Inbox{DataDir: t.TempDir(), Spool: 1000, Lease: time.Minute},
		GitLab:  gitlab.Options{URL: server.URL, Token: botToken},
		Budget:  budget.Options{PerMinute: 1_000_000, NotesPerMinute: 1_000_000},
		Worker: worker.Options{
			Freshness: time.Hour, Workers: 4, Attempts: 5, Backoff: 10 * time.Millisecond,
			Patience: worker.Patience{Gone: []time.Duration{0, 0, 0}, Stale: []time.Duration{0, 0, 0, 0}},
		},
		Schedule: schedule.Options{Lookback: time.Hour},
		Policy:   handbook.Policy(), Log: r.handled.logger(),
	}
	if adjust != nil {
		adjust(&r.options)
	}
	if r.options.Inbox.RedisURL == "" {
		r.seasoned()
	}
	r.start()
	return r
}

// newRedisRig is a rig whose inbox is a Redis of its own.
func newRedisRig(t *testing.T, adjust func(*bot.Options)) (*rig, *redistest.Server) {
	t.Helper()
	redis := redistest.Start(t, redistest.Options{})
	return newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Inbox.RedisURL = redis.URL()
		if adjust != nil {
			adjust(o)
		}
	}), redis
}

// sweeping has the bot look through the project so often.
func sweeping(every time.Duration) func(*bot.Options) {
	return func(o *bot.Options) { o.Schedule.Every, o.Schedule.Projects = every, []string{"team/project"} }
}

// seasoned makes the store an hour ago: what a young one may have forgotten is read from GitLab.
func (r *rig) seasoned() {
	r.Helper()
	store, err := sqlite.Open(sqlite.Options{Dir: r.options.Inbox.DataDir, Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	r.must(nil, err)
	r.must(nil, store.Close())
}

// start starts the bot and points the project's webhook at it.
func (r *rig) start() {
	r.Helper()
	app, err := bot.New(r.Context(), r.options)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = app.Stop() })
	if err := app.Start(); err != nil {
		r.Fatal(err)
	}
	select {
	case <-app.Ready():
	case err := <-app.Failed():
		r.Fatal(err)
	case <-time.After(reachable):
		r.Fatal("the bot is not ready")
	}
	r.app = app
	r.options.Server.Listen = strings.TrimSuffix(strings.TrimPrefix(app.URL(), "http://"), "/webhooks/gitlab")
	if r.hook == 0 {
		id, err := r.gitlab.AddHook(r.project, sandbox.Hook{
			URL: app.URL(), Token: secret, SigningToken: signingToken, Events: sandbox.HookEvents(),
		})
		if err != nil {
			r.Fatal(err)
		}
		r.hook = id
	}
}

// restart stops the bot as a signal would and starts it again at the same address.
func (r *rig) restart() {
	r.Helper()
	if err := r.app.Stop(); err != nil {
		r.Fatal(err)
	}
	r.start()
}

func (r *rig) must(_ any, err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// open opens an issue as ann and waits until the bot is done with it.
func (r *rig) open(o sandbox.IssueOptions) triage.Ref {
	r.Helper()
	r.lags()
	ref, err := r.gitlab.Open("ann", r.project, o)
	if err != nil {
		r.Fatal(err)
	}
	r.settle()
	return ref
}

// edit changes an issue as a person and waits until the bot is done with it.
func (r *rig) edit(who string, ref triage.Ref, c sandbox.Change) {
	r.Helper()
	r.lags()
	if err := r.gitlab.Edit(who, ref, c); err != nil {
		r.Fatal(err)
	}
	r.settle()
}

func (r *rig) lags() {
	if r.lag > 0 {
		r.gitlab.LagReads(r.lag)
	}
}

// await waits until the condition holds, but not for ever.
func (r *rig) await(condition func() bool) error {
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	return r.gitlab.Await(ctx, condition)
}

// failCall lets n requests like the call go through, and has the one behind them fail.
func (r *rig) failCall(call string, n int, fault sandbox.Fault) {
	if n > 0 {
		r.gitlab.FailNext(sandbox.Fault{Match: call, Times: n})
	}
	fault.Match = call
	r.gitlab.FailNext(fault)
}

// asked waits until GitLab has answered a request like this, behind the first calls.
func (r *rig) asked(calls int, line string) {
	r.Helper()
	r.must(nil, r.await(func() bool {
		return slices.ContainsFunc(r.gitlab.Calls()[calls:], func(c sandbox.Call) bool { return strings.HasPrefix(c.Line, line) })
	}))
}

// settle waits until every webhook was answered and every accepted one handled, also those that came of it.
func (r *rig) settle() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	for {
		r.must(nil, r.gitlab.AwaitDelivered(ctx))
		last := r.lastDelivery()
		if err := r.handled.await(ctx, func() bool {
			stats, err := r.app.Inbox().Stats(ctx)
			return err == nil && stats.Deliveries == 0
		}); err != nil {
			r.Fatalf("the bot does not come to an end: %v\n%s", err, r.handled.text())
		}
		r.must(nil, r.gitlab.AwaitDelivered(ctx))
		if r.lastDelivery() == last {
			return
		}
	}
}

// lastDelivery is the id of the newest webhook, 0 if there was none.
func (r *rig) lastDelivery() int64 {
	all := r.gitlab.Deliveries()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].ID
}

// note is the bot's sticky note, "" if there is none. More than one is a failure.
func (r *rig) note(ref triage.Ref) string {
	r.Helper()
	notes := slices.DeleteFunc(r.gitlab.Issue(ref).CommentsBy(botName), func(n sandbox.Note) bool { return !strings.Contains(n.Text, "<!-- flowkeeper:v1 ") })
	switch len(notes) {
	case 0:
		return ""
	case 1:
		return notes[0].Text
	}
	r.Fatalf("the bot has %d notes on %s", len(notes), ref)
	return ""
}

// dead are the dead letters.
func (r *rig) dead() []inbox.DeadLetter {
	r.Helper()
	dead, err := r.app.Inbox().DeadLetters(r.Context(), 10)
	r.must(nil, err)
	return dead
}

// alive fails if there is a dead letter.
func (r *rig) alive() {
	r.Helper()
	if dead := r.dead(); len(dead) > 0 {
		r.Errorf("dead letters %+v", dead)
	}
}

// calls are the API calls since the last time this was asked.
func (r *rig) calls() (reads, writes []string) {
	mark := r.handled.mark
	all := r.gitlab.Calls()
	r.handled.mark = len(all)
	for _, c := range all[mark:] {
		if strings.HasPrefix(c.Line, "GET ") || strings.HasPrefix(c.Line, "QUERY ") {
			reads = append(reads, c.Line)
		} else {
			writes = append(writes, c.Line)
		}
	}
	return reads, writes
}

// handled is the bot's log, and tells whoever waits that a line was written.
type handled struct {
	mu      sync.Mutex
	lines   []string
	changed chan struct{}
	mark    int // of the API calls already looked at
}

func newHandled() *handled { return &handled{changed: make(chan struct{})} }

// logger writes into the log.
func (h *handled) logger() *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(h), zapcore.DebugLevel))
}

// Write takes a log line.
func (h *handled) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, string(line))
	close(h.changed)
	h.changed = make(chan struct{})
	return len(line), nil
}

// await returns when the condition holds; it is asked after every line of the log.
func (h *handled) await(ctx context.Context, condition func() bool) error {
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *handled) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.lines, "")
}

// all are the lines.
func (h *handled) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}
