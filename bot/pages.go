package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"flowkeeper/bot/activity"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/history"
	"flowkeeper/bot/sleep"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// adminOptions are what the admin address shows and does.
func (a *App) adminOptions(day *activity.Log, kept *history.Index) admin.Options {
	return admin.Options{
		Checks: a.readinessChecks(), Metrics: a.registry, Store: a.inbox, Backlog: a.adoptPage, Reports: a.shownReports, Activity: day, History: kept,
		Bot: admin.Bot{
			Version: a.o.Version, GitLabURL: a.o.GitLab.URL, Explain: a.explainNow,
			Policy: func() engine.Policy { return a.shown.Load().policy },
			Config: func() string { return a.shown.Load().config },
		},
		Hosts: a.o.Admin.Hosts, Token: a.o.Admin.Token, Log: a.o.Log,
	}
}

// inForce is the policy and the configuration for people, as the last reload left them.
type inForce struct {
	policy engine.Policy
	config string
}

// startPages counts what the bot does, for the charts, and reads the decisions that are kept, so that no visitor waits for that.
func (a *App) startPages() (*activity.Log, *history.Index) {
	day, kept := activity.New(a.coordination, a.registry, time.Now, a.o.Log), history.NewIndex(a.inbox)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { day.Run(ctx) })
	running.Go(func() {
		for more := true; more; more = sleep.For(ctx, time.Minute) {
			_, _ = kept.Entries(ctx) // if the store is away, visitors are told so
		}
	})
	a.onStop("pages", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
	return day, kept
}

// explainNow is what would be decided on an issue now, under the policy in force. It writes nothing.
func (a *App) explainNow(ctx context.Context, issue triage.Ref) (triage.Issue, engine.Decision, error) {
	select {
	case <-a.ready:
	default:
		return triage.Issue{}, engine.Decision{}, errors.New("the bot is not ready yet: it waits for GitLab to tell who it is")
	}
	a.reloadable.mu.Lock()
	self := a.reloadable.self
	a.reloadable.mu.Unlock()
	e, err := worker.Explain(ctx, worker.Options{GitLab: a.gitlab, Policy: a.shown.Load().policy, Self: self, Now: time.Now}, issue)
	return e.Issue, e.Decision, err
}
