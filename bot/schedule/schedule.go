// Package schedule holds the bot's periodic jobs: the sweep finds what GitLab failed to deliver, the watchdog looks after the webhooks, and reports
// are made when they are due. Any number of processes may run it on one inbox; one process at a time does each job.
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
	"flowkeeper/rules/engine"
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

	// EachCreatedIssue hands on the project's issues that were created at or after since, the oldest first; open says only open ones. Otherwise
	// it is like EachUpdatedIssue.
	EachCreatedIssue(ctx context.Context, project int64, since time.Time, open bool, each func(triage.Issue) error) error

	// EachUpdatedMergeRequest and EachCreatedMergeRequest do the same with merge requests. A project whose merge requests are switched off has none.
	EachUpdatedMergeRequest(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error
	EachCreatedMergeRequest(ctx context.Context, project int64, since time.Time, open bool, each func(triage.Issue) error) error

	Hooks(ctx context.Context, project int64) ([]gitlab.Hook, error)
	TestHook(ctx context.Context, project, hook int64) error
	// HookEvents lists the failed deliveries of a webhook, in any order.
	HookEvents(ctx context.Context, project, hook int64, since time.Time) ([]gitlab.HookEvent, error)
	ResendHookEvent(ctx context.Context, project, hook, event int64) error
}

// Inbox is where the jobs put what they find.
type Inbox interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
	Stats(ctx context.Context) (inbox.Stats, error)
}

// Coordination is how the processes that run the jobs agree, see package coordination.
type Coordination interface {
	TryLock(ctx context.Context, name, holder string, lease time.Duration) (bool, error)
	Checkpoint(ctx context.Context, name string) ([]byte, error)
	SetCheckpoint(ctx context.Context, name string, value []byte) error
	Projects(ctx context.Context) ([]int64, error)
	TouchProjects(ctx context.Context, projects []int64) error
}

// Options are what a Scheduler needs. All fields are required unless they say otherwise.
type Options struct {
	GitLab       GitLab
	Inbox        Inbox
	Coordination Coordination
	Reports      Reports // nil if there are none

	// Policies are those in force, which may change. nil if there never are any.
	Policies func() []engine.PolicySet
	// MergeRequests reports whether any rule looks at merge requests, which may change. Default never.
	MergeRequests func() bool
	Rate          int // GitLab calls a minute, of which showing old issues to policies takes about a quarter at most

	// Projects are the configured ones, full paths or ids; may be empty. All projects that ever delivered something are looked after as well.
	Projects []string
	// URLs are where this bot's webhooks lead: "https://bot.example.com/webhooks/gitlab", or only the path "/webhooks/gitlab" for that
	// path on any host. Other webhooks are never touched, and without URLs none is.
	URLs []string

	// Memory is this process's file for the projects that delivered something, in case the inbox loses them; its directory exists. "" keeps
	// them in memory only. Instance is the GitLab that they belong to.
	Memory, Instance string

	Every    time.Duration // between two sweeps; 0 turns them off
	Hooks    time.Duration // between two checks of the webhooks; 0 turns them off
	Lookback time.Duration // how far a project's first sweep looks back, but never to before the project was first heard of; and how old a delivery may be that is sent again
	Settle   time.Duration // how long a found issue waits for further events

	Holder   string           // this process among those that share the inbox; default a random name
	Now      func() time.Time // default time.Now
	Jitter   func() float64   // a random number, 0 ≤ x < 1, that keeps processes from waking together; default 0
	Log      *zap.Logger
	Registry prometheus.Registerer
}

// Scheduler does the jobs, from Run until its context ends.
type Scheduler struct {
	o        Options
	metrics  metrics
	listed   *configuredProjects
	cache    *projectCache
	sweep    *sweep
	policies *policyWalk
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
	if o.MergeRequests == nil {
		o.MergeRequests = func() bool { return false }
	}
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0 }
	}
	s := &Scheduler{o: o, metrics: newMetrics(o.Registry), listed: newConfiguredProjects(o), cache: newProjectCache(o)}
	s.sweep = &sweep{Scheduler: s, walk: newProjectWalk(s)}
	s.policies = newPolicyWalk(s)
	s.watchdog = &watchdog{Scheduler: s, walk: newProjectWalk(s), ours: newAddresses(o.URLs, o.Log), loggedAt: map[int64]time.Time{}}
	return s
}

// Run does all jobs now and then whenever they are due, until ctx ends; it returns when everything it started has ended. Call it once, after the
// workers have started.
func (s *Scheduler) Run(ctx context.Context) {
	var jobs sync.WaitGroup
	jobs.Go(func() { s.cache.run(ctx) })
	all := []*job{
		{name: "sweep", every: s.o.Every, run: s.sweep.run, doneElsewhere: func() {}},
		{name: "hooks", every: s.o.Hooks, run: s.watchdog.run, doneElsewhere: s.watchdog.resetGauges},
	}
	if s.o.Policies != nil && s.o.Every > 0 {
		all = append(all, &job{name: "policies", every: s.policies.every(), run: s.policies.run, doneElsewhere: func() {}})
	}
	if s.o.Reports != nil {
		all = append(all, &job{name: "reports", every: everyReport, run: s.o.Reports.RunDue, doneElsewhere: func() {}})
	}
	for _, j := range all {
		if j.every > 0 {
			jobs.Go(func() { s.repeat(ctx, j) })
		}
	}
	jobs.Wait()
}
