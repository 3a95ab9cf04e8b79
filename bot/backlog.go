package bot

import (
	"context"
	"errors"
	"time"

	"flowkeeper/bot/adopt"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// adoptPage adopts a page of a project's old issues, or only looks at it in a dry run, under the policy in force.
func (a *App) adoptPage(ctx context.Context, r adopt.Request) (adopt.Page, error) {
	select {
	case <-a.ready:
	default:
		return adopt.Page{}, errors.New("the bot is not ready yet: it waits for GitLab to tell who it is")
	}
	a.reloadable.mu.Lock()
	o, self := a.o, a.reloadable.self
	o.Policy = a.reloadable.policy
	a.reloadable.mu.Unlock()
	return newAdopter(o, a.gitlab, a.inbox, self).Page(ctx, r)
}

// newAdopter takes up backlogs under the policy of the options.
func newAdopter(o Options, client *gitlab.Client, store inbox.Inbox, self triage.Person) *adopt.Adopter {
	return &adopt.Adopter{GitLab: client, Inbox: store, Now: time.Now, Explain: func(ctx context.Context, issue triage.Ref) (engine.Decision, error) {
		e, err := worker.ExplainAdopted(ctx, worker.Options{GitLab: client, Policy: o.Policy, Self: self, Lookback: o.Schedule.Lookback, Now: time.Now}, issue)
		return e.Decision, err
	}}
}
