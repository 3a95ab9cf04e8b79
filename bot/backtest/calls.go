package backtest

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// Calls bounds the calls of GitLab's API: so many a minute, so many in all. It is a gitlab.Limiter.
type Calls struct {
	most int64
	made atomic.Int64
	rate *rate.Limiter
}

// NewCalls allows so many calls a minute, and so many in all; 0 is any number.
func NewCalls(perMinute, most int) *Calls {
	perSecond := max(perMinute/60, 1)
	return &Calls{most: int64(most), rate: rate.NewLimiter(rate.Limit(float64(perMinute)/60), perSecond)}
}

// Wait implements gitlab.Limiter. The error is ErrCallsUsedUp or that of ctx.
func (c *Calls) Wait(ctx context.Context, _ bool) error {
	if n := c.made.Add(1); c.most > 0 && n > c.most {
		c.made.Add(-1)
		return ErrCallsUsedUp
	}
	return c.rate.Wait(ctx)
}

// Observe implements gitlab.Limiter.
func (c *Calls) Observe(bool, int, http.Header) {}

// Made is how many calls were made.
func (c *Calls) Made() int { return int(c.made.Load()) }

// patient makes calls again that failed for a reason that passes.
type patient struct {
	GitLab
	sleep func(ctx context.Context, d time.Duration) bool
}

const (
	maxAttempts = 5
	firstPause  = time.Second
)

// again makes a call until it succeeds or fails for good.
func again[T any](ctx context.Context, p patient, call func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		v, err := call()
		class := gitlab.ClassOf(err)
		if err == nil || n == maxAttempts || errors.Is(err, ErrCallsUsedUp) || class != gitlab.Unavailable && class != gitlab.Transient {
			return v, err
		}
		if !p.sleep(ctx, max(gitlab.RetryDelay(err), firstPause<<(n-1))) {
			return v, err
		}
	}
}

func (p patient) EachUpdatedIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	_, err := again(ctx, p, func() (struct{}, error) { return struct{}{}, p.GitLab.EachUpdatedIssue(ctx, project, since, each) })
	return err
}

func (p patient) Issue(ctx context.Context, ref triage.Ref) (triage.Issue, error) {
	return again(ctx, p, func() (triage.Issue, error) { return p.GitLab.Issue(ctx, ref) })
}

func (p patient) Milestones(ctx context.Context, project int64) ([]gitlab.Milestone, error) {
	return again(ctx, p, func() ([]gitlab.Milestone, error) { return p.GitLab.Milestones(ctx, project) })
}

func (p patient) ResourceEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	return again(ctx, p, func() ([]triage.ResourceEvent, error) { return p.GitLab.ResourceEvents(ctx, ref) })
}

func (p patient) StateEvents(ctx context.Context, ref triage.Ref) ([]gitlab.StateEvent, error) {
	return again(ctx, p, func() ([]gitlab.StateEvent, error) { return p.GitLab.StateEvents(ctx, ref) })
}

func (p patient) MilestoneEvents(ctx context.Context, ref triage.Ref) ([]gitlab.MilestoneEvent, error) {
	return again(ctx, p, func() ([]gitlab.MilestoneEvent, error) { return p.GitLab.MilestoneEvents(ctx, ref) })
}

func (p patient) Comments(ctx context.Context, ref triage.Ref, since time.Time) ([]gitlab.Comment, error) {
	return again(ctx, p, func() ([]gitlab.Comment, error) { return p.GitLab.Comments(ctx, ref, since) })
}

func (p patient) Awards(ctx context.Context, ref triage.Ref, note int64) ([]gitlab.Award, error) {
	return again(ctx, p, func() ([]gitlab.Award, error) { return p.GitLab.Awards(ctx, ref, note) })
}

func (p patient) Links(ctx context.Context, ref triage.Ref) ([]triage.Link, error) {
	return again(ctx, p, func() ([]triage.Link, error) { return p.GitLab.Links(ctx, ref) })
}
