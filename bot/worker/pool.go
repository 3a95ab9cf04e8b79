// Package worker carries deliveries to their end: it claims an issue from the inbox, sees it, lets the rules decide, applies the decision
// to GitLab and acknowledges. Whatever fails on the way, the deliveries stay in the inbox until it is done: a second run finds
// the wanted states reached and does nothing.
package worker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/lease"
	"flowkeeper/bot/tracing"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Coordination is what all workers of the fleet agree on, see package coordination.
type Coordination interface {
	checkpoints
	RateLimit(ctx context.Context, u coordination.Use) (coordination.Permit, error)
}

// Options are what a Pool needs. All fields are required unless they say otherwise.
type Options struct {
	Inbox        inbox.Inbox
	Coordination Coordination
	GitLab       GitLab
	Policy       engine.Policy // until SetPolicy
	Self         triage.Person // the bot's own user
	Reports      Reports       // nil if there are none

	Workers   int           // issues handled at the same time
	Lease     time.Duration // how long a claimed issue stays ours without a sign of life
	Freshness time.Duration // how old a delivered state may be when it is acted on; older ones are read again
	Lookback  time.Duration // how old a comment may be whose commands are run late; 0 looks for none
	Attempts  int           // tries before an issue whose handling fails becomes a dead letter
	Backoff   time.Duration // between the first and the second try; it doubles from there
	Patience  Patience      // with answers that contradict what is known; default DefaultPatience
	Drain     time.Duration // how long to finish what is being handled at the end of Run

	Now      func() time.Time
	Jitter   func() float64  // 0 ≤ x < 1, spreads retries
	Traces   *tracing.Tracer // nil traces nothing
	Log      *zap.Logger
	Registry prometheus.Registerer
}

// Pool handles issues until it is stopped.
type Pool struct {
	o       Options
	metrics metrics
	outage  outage
	bot     identity
	levels  accessLevels
	desks   recent[int64, bool]                 // which projects have a Service Desk
	merging recent[int64, gitlab.MergeSettings] // by project
	heard   sync.Map                            // projects (int64) whose merge requests are delivered

	unlisted sync.Map // projects (int64) whose GitLab is too old to list what a merge request refers to
	sources  sources
	rules    atomic.Pointer[rulebook]
}

// New prepares a pool; Run starts it.
func New(o Options) *Pool {
	if o.Patience.Gone == nil && o.Patience.Stale == nil {
		o.Patience = DefaultPatience()
	}
	p := newPool(o)
	p.metrics, p.bot.store = newMetrics(o.Registry), o.Coordination
	p.measureDenials()
	return p
}

// newPool is a pool that neither counts what it does nor remembers who the bot is.
func newPool(o Options) *Pool {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	p := &Pool{o: o, outage: outage{now: o.Now, unit: o.Backoff, log: o.Log}, bot: identity{self: o.Self}}
	p.levels.ask, p.levels.now = o.GitLab.AccessLevel, o.Now
	p.SetPolicy(o.Policy)
	return p
}

// RememberSelf keeps durably who the bot is, and tells who it was at the last time, 0 if that was nobody else. It is to be repeated now and
// then: the store forgets it after coordination.KeepCheckpoints.
func (p *Pool) RememberSelf(ctx context.Context) (before int64, err error) {
	return p.bot.remember(ctx)
}

// claimWait bounds one wait for work; it only decides how often an idle worker asks again.
const claimWait = 30 * time.Second

// Run handles issues until ctx ends. It then finishes those in hand within Drain, gives back the rest and returns.
func (p *Pool) Run(ctx context.Context) {
	handling, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var busy sync.WaitGroup
	slots := make(chan struct{}, p.o.Workers)
	for p.outage.wait(ctx) {
		select {
		case <-ctx.Done():
		case slots <- struct{}{}:
		}
		if ctx.Err() != nil {
			break
		}
		batch, err := p.o.Inbox.Claim(ctx, claimWait)
		if err != nil && ctx.Err() == nil {
			p.o.Log.Warn("claiming an issue", zap.Error(err))
			p.outage.inboxFailed()
		}
		if batch == nil {
			<-slots
			continue
		}
		busy.Go(func() {
			defer func() { <-slots }()
			p.work(handling, batch)
		})
	}
	drained := make(chan struct{})
	go func() { busy.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(p.o.Drain):
		abort()
		<-drained
	}
}

// work handles one batch under its lease and tells the inbox how it went.
func (p *Pool) work(ctx context.Context, batch *inbox.Batch) {
	began := p.o.Now()
	job := newJob(p, batch)
	ctx = gitlab.CountCalls(ctx, &job.calls)
	ctx, span := p.beginTrace(ctx, batch, began)
	defer span.End()
	err := p.underLease(ctx, job)
	// The answer to the inbox must get out also when the handling was cut short.
	answer, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	result, answerErr := p.answer(answer, ctx.Err() != nil, job, err)
	if answerErr != nil {
		result = "again"
		p.o.Log.Warn("answering the inbox; the issue is handled again", zap.Stringer("issue", batch.Issue), zap.Error(answerErr))
	}
	took := p.o.Now().Sub(began)
	p.measure(job, result, took)
	job.describe(span, result)
	job.logResult(result, err, took)
}

const answerTimeout = 10 * time.Second

// underLease runs the job and keeps the lease alive meanwhile; a lost lease cancels the job's context, so that it writes no more.
func (p *Pool) underLease(ctx context.Context, job *job) error {
	renew := func(ctx context.Context) error {
		err := p.o.Inbox.Extend(ctx, job.batch)
		if err == nil {
			job.leaseExtended()
		}
		return err
	}
	work := func(ctx context.Context) error {
		return recoverPanic(gitlab.WithWriteCheck(ctx, job.checkLease), job.run)
	}
	return lease.Keep(ctx, p.o.Lease, inbox.ErrLeaseLost, renew, work)
}
