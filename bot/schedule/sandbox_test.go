package schedule_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/testkit"
)

// The jobs with the bot's own client and a GitLab that speaks HTTP: the receiver was broken until its webhook was disabled. Then the issue
// is swept, the webhook delivers again, and what it failed to deliver comes once more.
func TestAgainstSandbox(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	delivered := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		delivered <- req.Header.Get("webhook-id")
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(receiver.Close)
	lab := sandbox.New(sandbox.Options{Token: "glpat-of-the-bot", BotLevel: sandbox.Maintainer, AutoDisable: true})
	web := httptest.NewServer(lab)
	lab.SetURL(web.URL)
	t.Cleanup(func() { lab.Close(); web.Close() })
	id := lab.AddProject("g/p")
	_, err := lab.AddUser("ann", "Ann", sandbox.Developer)
	must(t, err)
	hook, err := lab.AddHook(id, sandbox.Hook{URL: receiver.URL + "/webhooks/gitlab", Events: []string{"issues", "note"}})
	must(t, err)

	broken.Store(true)
	ref, err := lab.Open("ann", id, sandbox.IssueOptions{Title: "Slow"})
	must(t, err)
	for range 3 {
		_, err := lab.Comment("ann", ref, "Anybody there?")
		must(t, err)
		must(t, lab.AwaitDelivered(t.Context()))
	}
	client, err := gitlab.New(gitlab.Options{URL: web.URL, Token: "glpat-of-the-bot"})
	must(t, err)
	status := func() string {
		hooks, err := client.Hooks(t.Context(), id)
		must(t, err)
		return hooks[0].AlertStatus
	}
	expect(t, "status before", gitlab.HookPaused, status())
	events, err := client.HookEvents(t.Context(), id, hook, time.Time{})
	must(t, err)
	oldest := events[len(events)-1].Key

	broken.Store(false)
	store, err := sqlite.Open(sqlite.Options{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	s := schedule.New(schedule.Options{
		GitLab: client, Inbox: store, Coordination: coordination.New(store, store, store), Projects: []string{"g/p"}, URLs: []string{receiver.URL + "/webhooks/gitlab"},
		Every: every, Hooks: time.Hour, Lookback: lookback, Log: zap.NewNop(), Registry: prometheus.NewRegistry(),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); testkit.Receive(t, "the scheduler to end", ended) })

	batch, err := store.Claim(t.Context(), time.Minute)
	must(t, err)
	if batch == nil {
		t.Fatal("nothing was swept")
	}
	expect(t, "swept", ref, batch.Issue)
	must(t, store.Complete(t.Context(), batch, inbox.Result{}))
	testkit.Receive(t, "the test delivery", delivered)
	expect(t, "sent again first", oldest, testkit.Receive(t, "the oldest delivery again", delivered))
	expect(t, "status after", gitlab.HookExecutable, status())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
