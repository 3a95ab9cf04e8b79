package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/sleep"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// startWorkers runs the workers in the background as soon as GitLab has said who the bot is. Earlier deliveries wait in the inbox. The returned
// function stops the claiming of issues; Stop waits for those that are being handled.
func (a *App) startWorkers() (claimNoMore func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		self, err := a.resolveSelf(budget.Urgent(ctx)) // all deliveries wait for it
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			a.reportFailure(err)
			return
		}
		a.intake.setSelf(self)
		reports := a.newReports(self)
		pool := worker.New(a.workerOptions(self, reports))
		a.attachPool(pool, reports, self)
		known := a.storeSelf(ctx, pool, self)
		a.access.CheckOnce(ctx)
		a.statuses.CheckOnce(ctx)
		close(a.ready)
		var work sync.WaitGroup
		work.Go(func() { a.refreshStoredSelf(ctx, pool, self, known) })
		work.Go(func() { a.access.Run(ctx) })
		work.Go(func() { a.statuses.Run(ctx) })
		work.Go(func() { pool.Run(ctx) })
		work.Go(func() { a.newScheduler(reports).Run(ctx) })
		work.Wait()
	}()
	a.onStop("workers", func(ctx context.Context) error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return errors.New("issues in hand did not come to an end; they are handled again by the next start")
		}
	})
	return cancel
}

// storeSelf keeps who the bot is, and says so if it was another user before.
func (a *App) storeSelf(ctx context.Context, pool *worker.Pool, self triage.Person) bool {
	before, err := pool.RememberSelf(ctx)
	if err != nil {
		if ctx.Err() == nil {
			a.o.Log.Warn("writing down who the bot is; it is tried again", zap.Error(err))
		}
		return false
	}
	if before != 0 {
		text := fmt.Sprintf("the bot is another user than before: @%s, id %d, not %d; notes that it may not edit any more are left, and new ones take their place",
			self.Username, self.ID, before)
		a.another.Store(&text)
		a.o.Log.Warn(text)
	}
	return true
}

// refreshStoredSelf keeps on remembering who the bot is, before the store forgets it.
func (a *App) refreshStoredSelf(ctx context.Context, pool *worker.Pool, self triage.Person, known bool) {
	const again, soon = 24 * time.Hour, time.Minute
	for {
		wait := again
		if !known {
			wait = soon
		}
		if !sleep.For(ctx, wait) {
			return
		}
		known = a.storeSelf(ctx, pool, self)
	}
}

// workerOptions are those of the workers, with what the app knows.
func (a *App) workerOptions(self triage.Person, reports *reports) worker.Options {
	o := a.o.Worker
	o.Reports = reports
	o.Inbox, o.Coordination, o.GitLab, o.Policy, o.Self = a.inbox, a.coordination, a.gitlab, a.o.Policy, self
	o.Lease, o.Lookback, o.Drain = a.o.Inbox.Lease, a.o.Schedule.Lookback, a.o.Drain
	o.Now, o.Jitter, o.Traces, o.Log, o.Registry = time.Now, rand.Float64, a.traces, a.o.Log, a.registry
	return o
}

// newScheduler is what the bot does without being asked.
func (a *App) newScheduler(reports *reports) *schedule.Scheduler {
	o := a.o.Schedule
	o.Reports = reports
	o.GitLab, o.Instance, o.Inbox, o.Coordination, o.Settle = a.gitlab, a.gitlab.Pages(), a.inbox, a.coordination, a.o.Policy.Settle
	o.Policies = func() []engine.PolicySet { return a.shown.Load().policy.PolicySets() }
	o.MergeRequests = func() bool { return a.shown.Load().policy.LooksAtMergeRequests() }
	o.Rate = cmp.Or(a.o.Budget.PerMinute, budget.DefaultPerMinute)
	o.Memory = filepath.Join(a.o.Inbox.DataDir, "projects.txt")
	o.Now, o.Jitter, o.Log, o.Registry = time.Now, rand.Float64, a.o.Log, a.registry
	return schedule.New(o)
}

// resolveSelf asks GitLab who the bot is, and repeats that while GitLab does not answer. Only a refused token is an error.
func (a *App) resolveSelf(ctx context.Context) (triage.Person, error) {
	const first, longest = 500 * time.Millisecond, 30 * time.Second
	for wait := first; ; wait = min(2*wait, longest) {
		self, err := a.gitlab.CurrentUser(ctx)
		if err == nil {
			return self, nil
		}
		if errors.Is(err, gitlab.ErrNoGitLab) {
			return self, fmt.Errorf("no GitLab at %s: is a sub-path missing, as in https://example.com/gitlab? FLOWKEEPER_GITLAB_URL says where it is",
				a.o.GitLab.URL)
		}
		if isTokenRefused(err) {
			return self, fmt.Errorf("%s does not accept the token in FLOWKEEPER_GITLAB_TOKEN: %w", a.o.GitLab.URL, err)
		}
		if ctx.Err() != nil {
			return self, ctx.Err()
		}
		why := "GitLab does not answer"
		if gitlab.DeniedOf(err) != "" {
			why = "GitLab refuses the bot"
		}
		a.o.Log.Warn(why+"; deliveries are kept meanwhile", zap.String("url", a.o.GitLab.URL), zap.Duration("again_in", wait), zap.Error(err))
		if !sleep.For(ctx, max(wait, gitlab.RetryDelay(err))) {
			return self, ctx.Err()
		}
	}
}

// isTokenRefused reports whether GitLab refuses the token for good. A blocked account does not count: it may be unblocked, with the same token.
func isTokenRefused(err error) bool {
	class := gitlab.ClassOf(err)
	return gitlab.DeniedOf(err) == gitlab.DeniedToken || class == gitlab.Permanent || class == gitlab.NotFound
}

// readinessChecks are what /readyz asks.
func (a *App) readinessChecks() []admin.Check {
	const keep = 10 * time.Second
	return []admin.Check{
		{Name: "inbox", Check: a.checkStorage},
		admin.Cached(admin.Check{Name: "gitlab", Check: func(ctx context.Context) error { return a.gitlab.Ping(budget.Urgent(ctx)) }}, keep, time.Now),
		{Name: "workers", Check: func(context.Context) error {
			select {
			case <-a.ready:
			default:
				return errors.New("waiting for GitLab to tell who the bot is")
			}
			if a.draining.Load() {
				return errors.New("stopping")
			}
			if err := a.reloadable.pool.Denied(); err != nil { // the pool is there since the bot is ready
				return err
			}
			if text := a.another.Load(); text != nil {
				return admin.Remark{Text: *text}
			}
			return nil
		}},
		{Name: "token", Check: func(context.Context) error {
			if missing := a.MissingAccess(); missing != "" {
				return admin.Remark{Text: missing}
			}
			return nil
		}},
		a.statusesCheck(),
		{Name: "rules", Check: func(context.Context) error {
			if reason := a.watching.Load(); reason != nil && *reason != "" {
				return admin.Remark{Text: "shadow, no rule writes: " + *reason}
			}
			return nil
		}},
	}
}
