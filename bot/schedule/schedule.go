// Package schedule is what the bot does without being asked: it looks for what GitLab failed to deliver, and after the webhooks that were
// to deliver it. Any number of processes may run it on one inbox; each job is one process's at a time.
//
// It decides nothing about issues. What it finds goes into the inbox like a delivery, and the same rules look at it.
package schedule

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// GitLab is what the jobs need of GitLab. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	// ProjectID is the number of the project at a path such as "group/project". NotFound if there is none.
	ProjectID(ctx context.Context, path string) (int64, error)
	// EachUpdatedIssue hands on the project's issues that were updated at or after since, the oldest update first. An error
	// of each ends the list and is returned. If there are too many for one call it gives up with status 0; the rest begins at the
	// update of the last one.
	EachUpdatedIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error

	Hooks(ctx context.Context, project int64) ([]gitlab.Hook, error)
	TestHook(ctx context.Context, project, hook int64) error
	// HookEvents lists the failed deliveries of a webhook, in any order.
	HookEvents(ctx context.Context, project, hook int64, since time.Time) ([]gitlab.HookEvent, error)
	ResendHookEvent(ctx context.Context, project, hook, event int64) error
}

// Inbox is what the jobs need of the store that all processes share.
type Inbox interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
	Turn(ctx context.Context, name, holder string, lease time.Duration) (bool, error)
	Mark(ctx context.Context, name string) ([]byte, error)
	SetMark(ctx context.Context, name string, value []byte) error
	Projects(ctx context.Context) ([]int64, error)
	Hear(ctx context.Context, projects []int64) error
}

// Options are what a Scheduler needs. All fields are required unless they say otherwise.
type Options struct {
	GitLab GitLab
	Inbox  Inbox

	// Projects are looked after from the start: full paths or ids. All that ever delivered something join them. May be empty.
	Projects []string
	// URLs are where this bot's webhooks lead: "https://bot.example.com/webhooks/gitlab", or only the path "/webhooks/gitlab" for that
	// path on any host. Webhooks that lead elsewhere are never touched; without URLs none is.
	URLs []string

	// Memory is a file of this process, in a directory that is there, that keeps the projects which delivered something, for an inbox
	// that loses them. "" keeps them only as long as the process lives. Instance is the GitLab that they are of.
	Memory, Instance string

	Every    time.Duration // between two sweeps; 0 is never
	Hooks    time.Duration // between two looks after the webhooks; 0 is never
	Lookback time.Duration // how far a project's first sweep looks back at most, though never to before the project was first heard of, and how old a delivery may be that is sent again
	Settle   time.Duration // how long a found issue waits for more that happens to it

	Holder   string           // this process among those that share the inbox; default a random name
	Now      func() time.Time // default time.Now
	Jitter   func() float64   // 0 ≤ x < 1, keeps processes from waking together; default never waits
	Log      *zap.Logger
	Registry prometheus.Registerer
}

// Scheduler does the jobs, from Run until its context ends.
type Scheduler struct {
	o        Options
	metrics  metrics
	listed   *listed
	known    *remembered
	sweep    *sweep
	watchdog *watchdog
}

// New prepares a scheduler and registers its metrics. It does nothing before Run.
func New(o Options) *Scheduler {
	if o.Holder == "" {
		o.Holder = rand.Text()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0 }
	}
	s := &Scheduler{o: o, metrics: newMetrics(o.Registry), listed: newListed(o), known: newRemembered(o)}
	s.sweep = &sweep{Scheduler: s, tour: newTour(s)}
	s.watchdog = &watchdog{Scheduler: s, tour: newTour(s), ours: newAddresses(o.URLs, o.Log), told: map[int64]time.Time{}}
	return s
}

// Run does both jobs at once and then whenever they are due, until ctx ends. It waits for what it started. Start it when issues are being
// handled, and once.
func (s *Scheduler) Run(ctx context.Context) {
	var jobs sync.WaitGroup
	jobs.Go(func() { s.known.run(ctx) })
	for _, j := range []*job{
		{name: "sweep", every: s.o.Every, run: s.sweep.run, elsewhere: func() {}},
		{name: "hooks", every: s.o.Hooks, run: s.watchdog.run, elsewhere: s.watchdog.elsewhere},
	} {
		if j.every > 0 {
			jobs.Go(func() { s.repeat(ctx, j) })
		}
	}
	jobs.Wait()
}
