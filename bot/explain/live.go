package explain

import (
	"context"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
)

// Options say which issue to explain under which policy.
type Options struct {
	URL     string // of the GitLab
	Token   string
	Version string
	Policy  engine.Policy
	Page    string // the address of the issue's page
}

// Live reads the issue behind a page from GitLab and decides on it. It writes nothing.
func Live(ctx context.Context, o Options) (worker.Explanation, error) {
	client, err := gitlab.New(gitlab.Options{URL: o.URL, Token: o.Token, Version: o.Version})
	if err != nil {
		return worker.Explanation{}, err
	}
	ref, err := client.IssueByURL(ctx, o.Page)
	if err != nil {
		return worker.Explanation{}, err
	}
	self, err := client.CurrentUser(ctx)
	if err != nil {
		return worker.Explanation{}, err
	}
	return worker.Explain(ctx, worker.Options{GitLab: client, Policy: o.Policy, Self: self, Now: time.Now}, ref)
}
