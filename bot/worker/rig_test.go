package worker_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

const (
	botToken = "glpat-of-the-bot"
	annToken = "glpat-of-ann"
	botName  = "flowkeeper-bot"

	reachable = time.Minute // far more than anything here takes
)

// bench is a pool of workers between an inbox and a GitLab in memory. Tests put deliveries into the inbox themselves.
type bench struct {
	*testing.T
	lab     *sandbox.Server
	inbox   inbox.Inbox
	viewer  *gitlab.Client // as ann, to see an issue as a payload would show it
	project int64
	people  map[string]triage.Person
	handled chan string // how each job ended
	metrics *prometheus.Registry
	asked   int          // API calls already looked at
	ahead   atomic.Int64 // of GitLab's clock, in nanoseconds
	later   atomic.Int64 // how far the clocks of the workers and the store are ahead
	setup   setup
	self    triage.Person
	url     string // of GitLab
	shared  worker.Coordination
}

// setup is what a bench is made of.
type setup struct {
	gitlab       func(*gitlab.Client) worker.GitLab // may put something between the workers and GitLab
	store        func(inbox.Inbox) inbox.Inbox      // and between them and the store
	coordination func(worker.Coordination) worker.Coordination
	rules        []engine.Setting
	commands     []triage.Command
	lookback     time.Duration
	reports      worker.Reports
	policy       *engine.Policy // in place of one of the rules and the commands
	idle         bool           // no workers are started
	edition      sandbox.Edition
}

// newBench starts the workers with these rules. wrap may put something between them and GitLab.
func newBench(t *testing.T, wrap func(*gitlab.Client) worker.GitLab, rules ...engine.Setting) *bench {
	t.Helper()
	return startBench(t, setup{gitlab: wrap, rules: rules})
}

func startBench(t *testing.T, s setup) *bench {
	t.Helper()
	b := &bench{T: t, setup: s, people: map[string]triage.Person{}, handled: make(chan string, 100), metrics: prometheus.NewRegistry()}
	b.lab = sandbox.New(sandbox.Options{Token: botToken, Edition: s.edition, Now: func() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) }})
	web := httptest.NewServer(b.lab)
	b.lab.SetURL(web.URL)
	t.Cleanup(func() { b.lab.Close(); web.Close() })
	for name, level := range map[string]int{"ann": sandbox.Developer, "omar": sandbox.Developer, "mia": sandbox.Maintainer, "eve": sandbox.Guest} {
		id, err := b.lab.AddUser(name, name, level)
		b.must(err)
		b.people[name] = triage.Person{ID: id, Username: name}
	}
	b.must(b.lab.AddToken("ann", annToken))
	b.project = b.lab.AddProject("g/p")
	b.viewer = connect(t, web.URL, annToken)
	client := connect(t, web.URL, botToken)
	self, err := client.CurrentUser(t.Context())
	b.must(err)

	dir := t.TempDir()
	seasoned, err := sqlite.Open(sqlite.Options{Dir: dir, Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	b.must(err)
	b.must(seasoned.Close())
	store, err := sqlite.Open(sqlite.Options{Dir: dir, Lease: time.Minute, Log: zap.NewNop(), Now: b.now})
	b.must(err)
	t.Cleanup(func() { b.must(store.Close()) })
	b.inbox = store
	if s.store != nil {
		b.inbox = s.store(store)
	}
	b.shared = coordination.New(store, store, store)
	if s.coordination != nil {
		b.shared = s.coordination(b.shared)
	}
	var way worker.GitLab = client
	if s.gitlab != nil {
		way = s.gitlab(client)
	}
	b.self, b.url = self, web.URL
	if !s.idle {
		b.startPool(b.inbox, way, logger(b.handled), b.metrics)
	}
	b.reads()
	return b
}

// now is the time of the workers and of the store.
func (b *bench) now() time.Time { return time.Now().Add(time.Duration(b.later.Load())) }

// startPool starts the workers of one process. The returned function stops them.
func (b *bench) startPool(store inbox.Inbox, way worker.GitLab, log *zap.Logger, metrics *prometheus.Registry) (stop func()) {
	s := b.setup
	policy := engine.Policy{Team: triage.NewTeam(triage.TeamConfig{Side: "backend", GroupLabel: "group::ours"}), Settings: s.rules, Commands: s.commands}
	if s.policy != nil {
		policy = *s.policy
	}
	pool := worker.New(worker.Options{
		Inbox: store, Coordination: b.shared, GitLab: way, Policy: policy, Self: b.self,
		Workers: 1, Lease: time.Minute, Freshness: time.Minute, Attempts: 3, Backoff: time.Millisecond, Patience: worker.Patience{Gone: []time.Duration{0, 0, 0}, Stale: []time.Duration{0, 0}, Forbidden: []time.Duration{0}}, Drain: time.Second, Lookback: s.lookback,
		Reports: s.reports, Now: b.now, Jitter: func() float64 { return 0 }, Log: log, Registry: metrics,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); pool.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	b.Cleanup(stop)
	return stop
}

func connect(t *testing.T, url, token string) *gitlab.Client {
	t.Helper()
	c, err := gitlab.New(gitlab.Options{URL: url, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// logger tells what became of each job.
func logger(handled chan<- string) *zap.Logger {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zapcore.InfoLevel)
	return zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if strings.HasPrefix(e.Message, "issue ") {
			handled <- e.Message
		}
		return nil
	}))
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// open opens an issue as ann. Nobody tells the bot.
func (b *bench) open(labels ...string) triage.Ref {
	b.Helper()
	ref, err := b.lab.Open("ann", b.project, sandbox.IssueOptions{Title: "t", Labels: labels})
	b.must(err)
	return ref
}

// event is one of a person's, without its times.
func (b *bench) event(who string, kind triage.Kind) triage.Event {
	return triage.Event{Kind: kind, Actor: b.people[who]}
}

// opened is the event of opening, which says since when the issue is in its state.
func (b *bench) opened(ref triage.Ref) triage.Event {
	i := b.lab.Issue(ref)
	e := b.event(i.Author, triage.Opened)
	e.At, e.Changes.Added = i.CreatedAt.Add(-time.Second), i.Labels
	return e
}

// thumb is a thumbsup on the issue, given or taken back.
func (b *bench) thumb(who string, kind triage.Kind) triage.Event {
	e := b.event(who, kind)
	e.Emoji = &triage.Emoji{Name: "thumbsup"}
	return e
}

// tell delivers events with the issue as it is now and waits until the worker is done with them.
func (b *bench) tell(ref triage.Ref, events ...triage.Event) {
	b.Helper()
	issue, err := b.viewer.Issue(b.Context(), ref)
	b.must(err)
	for n, e := range events {
		if e.At.IsZero() {
			e.At = issue.UpdatedAt
		}
		if e.ReceivedAt.IsZero() {
			e.ReceivedAt = time.Now()
		}
		body, err := record.Event{Event: e, Issue: issue}.Encode()
		b.must(err)
		delay := time.Hour // it waits for the last one
		if n == len(events)-1 {
			delay = 0
		}
		_, err = b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: ref, Body: body, Delay: delay})
		b.must(err)
	}
	b.finish()
}

// finish waits until an issue is handled.
func (b *bench) finish() {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), reachable)
	defer cancel()
	for how := ""; how != "issue handled"; {
		select {
		case how = <-b.handled:
		case <-ctx.Done():
			b.Fatal("the worker does not come to an end")
		}
	}
}

func (b *bench) comment(who string, ref triage.Ref, text string) int64 {
	b.Helper()
	id, err := b.lab.Comment(who, ref, text)
	b.must(err)
	return id
}

func (b *bench) react(who string, ref triage.Ref, note int64, name string) {
	b.Helper()
	b.must(b.lab.React(who, ref, note, name))
}

// link links the issue to a new one, as ann.
func (b *bench) link(ref triage.Ref, kind string) {
	b.Helper()
	other := b.open()
	path := fmt.Sprintf("/api/v4/projects/%d/issues/%d/links?target_project_id=%d&target_issue_iid=%d&link_type=%s",
		ref.Project, ref.IID, other.Project, other.IID, kind)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, nil)
	r.Header.Set("PRIVATE-TOKEN", annToken)
	w := httptest.NewRecorder()
	b.lab.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		b.Fatalf("linking: %d %s", w.Code, w.Body)
	}
}

// reads are what the bot read since the last time this was asked, without the parameters
// and with people by their names.
func (b *bench) reads() []string {
	var lines []string
	all := b.lab.Calls()
	for _, c := range all[b.asked:] {
		words := slices.DeleteFunc(strings.Fields(c.Line), func(w string) bool { return strings.Contains(w, "=") })
		if c.User != botName || words[0] != "GET" {
			continue
		}
		line := strings.Join(words[1:], " ")
		for name, p := range b.people {
			if member, found := strings.CutSuffix(line, fmt.Sprint("/", p.ID)); found {
				line = member + "/" + name
			}
		}
		lines = append(lines, line)
	}
	b.asked = len(all)
	return lines
}

// decision is the newest on the issue.
func (b *bench) decision(ref triage.Ref) record.Decision {
	b.Helper()
	records, err := b.inbox.Records(b.Context(), ref, 1)
	b.must(err)
	if len(records) == 0 {
		return record.Decision{}
	}
	d, err := record.DecodeDecision(records[0].Body)
	b.must(err)
	return d
}

// said is the reason of the first rule.
func (b *bench) said(ref triage.Ref) string {
	b.Helper()
	for _, f := range b.decision(ref).Findings {
		return f.Reason
	}
	return ""
}
