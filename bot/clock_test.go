package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

// TestClockBehindTheStores: a wake-up that is due for the store and not yet for the worker is decided once, not again and again until the
// clocks meet.
func TestClockBehindTheStores(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Grace = 100 * time.Millisecond })
	r.must(nil, r.app.Stop())
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t"})
	r.must(nil, err)
	store, err := sqlite.Open(sqlite.Options{Dir: t.TempDir()})
	r.must(nil, err)
	client, err := gitlab.New(gitlab.Options{URL: r.options.GitLab.URL, Token: botToken})
	r.must(nil, err)
	self, err := client.CurrentUser(t.Context())
	r.must(nil, err)
	behind := func() time.Time { return time.Now().Add(-time.Hour) }
	log := newHandled()
	pool := worker.New(worker.Options{
		Inbox: store, Coordination: coordination.New(store, store, store), GitLab: client, Policy: r.options.Policy, Self: self, Workers: 1, Lease: time.Minute, Freshness: time.Minute, Attempts: 3,
		Backoff: time.Millisecond, Drain: time.Second, Now: behind, Jitter: func() float64 { return 0 }, Log: log.logger(), Registry: prometheus.NewRegistry(),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); pool.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended; r.must(nil, store.Close()) })

	event := triage.Event{Kind: triage.Updated | triage.LabelsChanged, Actor: triage.Person{ID: 77, Username: "ann"}, At: behind(), ReceivedAt: behind()}
	body, err := record.Event{Event: event, Issue: triage.Issue{Ref: ref}}.Encode()
	r.must(nil, err)
	r.must(store.Enqueue(t.Context(), inbox.Delivery{ID: "1", Issue: ref, IdempotencyKey: "1", Body: body}))
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) > 0 }))
	if n := strings.Count(log.text(), "issue handled"); n > 3 {
		t.Errorf("one event and one reminder were decided %d times", n)
	}
}
