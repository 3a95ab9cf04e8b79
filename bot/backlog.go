package bot

import (
	"context"
	"errors"
	"time"

	"flowkeeper/bot/adopt"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

// backlog takes up a page of a project's old issues, or looks at it, under the policy of now.
func (a *App) backlog(ctx context.Context, r adopt.Request) (adopt.Page, error) {
	select {
	case <-a.ready:
	default:
		return adopt.Page{}, errors.New("the bot is not ready yet: it waits for GitLab to tell who it is")
	}
	a.live.mu.Lock()
	policy, self := a.live.policy, a.live.self
	a.live.mu.Unlock()
	adopter := adopt.Adopter{GitLab: a.gitlab, Inbox: a.inbox, Now: time.Now, Explain: func(ctx context.Context, issue triage.Ref) (worker.Explanation, error) {
		return worker.ExplainAdopted(ctx, worker.Options{GitLab: a.gitlab, Policy: policy, Self: self, Lookback: a.o.Lookback, Now: time.Now}, issue)
	}}
	return adopter.Page(ctx, r)
}
