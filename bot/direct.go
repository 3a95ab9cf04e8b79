package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowkeeper/bot/adopt"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/shadow"
	"flowkeeper/rules/triage"
)

// Direct does for subcommands, directly on the Redis that the bots share, what a running bot does at its admin address. Of the options it needs the
// Redis, GitLab, the budget, the policy and the lookback. It is for one goroutine.
type Direct struct {
	o            Options
	inbox        inbox.Inbox
	coordination *coordination.Coordinator
	gitlab       *gitlab.Client // nil until it is needed
	self         triage.Person
}

// NewDirect connects to the Redis.
func NewDirect(ctx context.Context, o Options) (*Direct, error) {
	store, err := redis.Open(ctx, redis.Options{URL: o.Inbox.RedisURL, Lease: o.Inbox.Lease, MaxDeliveries: o.Inbox.Max, Log: o.Log})
	if err != nil {
		return nil, err
	}
	return &Direct{o: o, inbox: store, coordination: coordination.New(store, store, store)}, nil
}

// Close closes the connection.
func (d *Direct) Close() { _ = d.inbox.Close() }

// Shadow is what rules in shadow would have done since a time.
func (d *Direct) Shadow(ctx context.Context, since time.Time) (shadow.Report, error) {
	return shadow.ReportSince(ctx, d.inbox, since)
}

// Adopt takes up a page of a project's backlog, or looks at it. The bots that share the Redis then act on it.
func (d *Direct) Adopt(ctx context.Context, r adopt.Request) (adopt.Page, error) {
	if d.gitlab == nil {
		if err := d.resolveSelf(ctx); err != nil {
			return adopt.Page{}, err
		}
	}
	return newAdopter(d.o, d.gitlab, d.inbox, d.self).Page(ctx, r)
}

// resolveSelf asks GitLab who the bot is, within the budget that all share.
func (d *Direct) resolveSelf(ctx context.Context) error {
	if d.o.GitLab.Token == "" {
		return errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: the issues cannot be read; or ask a running bot with --admin URL")
	}
	client, err := openGitLab(d.o, d.coordination, nil)
	if err != nil {
		return err
	}
	if d.self, err = client.CurrentUser(ctx); err != nil {
		return fmt.Errorf("asking GitLab who the bot is: %w", err)
	}
	d.gitlab = client
	return nil
}
