// Package worker carries deliveries to their end: it claims an issue from the inbox, sees it, lets the rules decide, applies the decision
// to GitLab and acknowledges. Whatever fails on the way, the deliveries stay in the inbox until it is done: a second run finds
// the wanted states reached and does nothing.
package worker

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// GitLab is what the worker needs of GitLab. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	Issue(ctx context.Context, ref triage.Ref) (triage.Issue, error)
	IsListed(ctx context.Context, ref triage.Ref) (bool, error)
	UpdateIssue(ctx context.Context, before, after triage.Issue) (triage.Issue, error)
	OwnNotes(ctx context.Context, ref triage.Ref, own func(gitlab.Note) bool) ([]gitlab.Note, error)
	CreateNote(ctx context.Context, ref triage.Ref, internal bool, body string) (int64, error)
	EditNote(ctx context.Context, ref triage.Ref, id int64, body string) error
	DeleteNote(ctx context.Context, ref triage.Ref, id int64) error
	HasServiceDesk(ctx context.Context, project int64) (bool, error)
	MailsOutsiders(ctx context.Context, ref triage.Ref, id int64) (bool, error)
	ResourceEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error)
	IsBot(ctx context.Context, user int64) (bool, error)
	CanSeeProject(ctx context.Context, project int64) (bool, error)
	Links(ctx context.Context, ref triage.Ref) ([]triage.Link, error)
	Awards(ctx context.Context, ref triage.Ref, note int64) ([]gitlab.Award, error)
	Activities(ctx context.Context, ref triage.Ref, since time.Time) ([]gitlab.Activity, error)
	Comments(ctx context.Context, ref triage.Ref, since time.Time) ([]gitlab.Comment, error)
	AccessLevel(ctx context.Context, project, user int64) (int, error)
	AddReaction(ctx context.Context, ref triage.Ref, note int64, emoji string) error
	Reply(ctx context.Context, ref triage.Ref, discussion string, note int64, internal bool, body string) (int64, error)
	CreateIssue(ctx context.Context, project int64, n gitlab.NewIssue) (triage.Issue, error)
	FindIssueByMarker(ctx context.Context, project, author int64, marker string, since time.Time) (triage.Issue, bool, error)
	CreateLink(ctx context.Context, from, to triage.Ref, kind string) (made string, err error)
	IssueByReference(ctx context.Context, project int64, reference string) (triage.Issue, error)
}

// Coordination is what all workers of the fleet agree on, see package coordination.
type Coordination interface {
	RateLimit(ctx context.Context, u coordination.Use) (coordination.Permit, error)
	Checkpoint(ctx context.Context, name string) ([]byte, error)
	SetCheckpoint(ctx context.Context, name string, value []byte) error
}

// Options are what a Pool needs. All fields are required unless they say otherwise.
type Options struct {
	Inbox        inbox.Inbox
	Coordination Coordination
	GitLab       GitLab
	Policy       engine.Policy // until SetPolicy
	Self         triage.Person // the bot's own user

	Workers   int           // issues handled at the same time
	Lease     time.Duration // how long a claimed issue stays ours without a sign of life
	Freshness time.Duration // how old a delivered state may be when it is acted on; older ones are read again
	Lookback  time.Duration // how old a comment may be whose commands are run late; 0 looks for none
	Attempts  int           // tries before an issue whose handling fails becomes a dead letter
	Backoff   time.Duration // between the first and the second try; it doubles from there
	Patience  Patience      // with answers that contradict what is known; default DefaultPatience
	Drain     time.Duration // how long to finish what is being handled at the end of Run

	Now      func() time.Time
	Jitter   func() float64 // 0 ≤ x < 1, spreads retries
	Log      *zap.Logger
	Registry prometheus.Registerer
}

// Pool handles issues until it is stopped.
type Pool struct {
	o       Options
	metrics metrics
	outage  outage
	levels  recent[member, int]
	desks   recent[int64, bool] // which projects have a Service Desk
	former  former
	rules   atomic.Pointer[rulebook]
}

// New prepares a pool; Run starts it.
func New(o Options) *Pool {
	if o.Patience.Gone == nil && o.Patience.Stale == nil {
		o.Patience = DefaultPatience()
	}
	p := &Pool{o: o, metrics: newMetrics(o.Registry), outage: outage{now: o.Now, unit: o.Backoff, log: o.Log}}
	p.measureDenials()
	p.SetPolicy(o.Policy)
	return p
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
	err := p.underLease(ctx, job)
	// The answer to the inbox must get out also when the handling was cut short.
	answer, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	result, answerErr := p.answer(answer, ctx.Err() != nil, job, err)
	if answerErr != nil {
		result = "again"
		p.o.Log.Warn("answering the inbox; the issue is handled again", zap.Stringer("issue", batch.Issue), zap.Error(answerErr))
	}
	for _, r := range job.decision.Pending.Results {
		p.metrics.commands.WithLabelValues(r.Command, outcome(r)).Inc()
	}
	p.metrics.jobs.WithLabelValues(result).Inc()
	p.metrics.duration.Observe(p.o.Now().Sub(began).Seconds())
	job.log(result, err, p.o.Now().Sub(began))
}

const answerTimeout = 10 * time.Second

// underLease runs the job and keeps the lease alive meanwhile; a lost lease cancels the job's context, so that it writes no more.
func (p *Pool) underLease(ctx context.Context, job *job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	keeper := make(chan struct{})
	go func() {
		defer close(keeper)
		tick := time.NewTicker(p.o.Lease / 3)
		defer tick.Stop()
		misses := 0
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := p.o.Inbox.Extend(ctx, job.batch)
			if err == nil {
				misses = 0
				job.extended()
				continue
			}
			// One failed extension leaves a third of the lease to try again; after the second somebody else may have the issue.
			if misses++; errors.Is(err, inbox.ErrLeaseLost) || misses > 1 {
				cancel(inbox.ErrLeaseLost)
				return
			}
		}
	}()
	err := guarded(ctx, job.run)
	lost := context.Cause(ctx)
	cancel(nil)
	<-keeper
	if errors.Is(lost, inbox.ErrLeaseLost) {
		return inbox.ErrLeaseLost
	}
	return err
}

// answer tells the inbox what became of the batch and returns that in one word for logs and metrics.
func (p *Pool) answer(ctx context.Context, stopped bool, job *job, err error) (string, error) {
	batch := job.batch
	if err != nil && (len(job.did) > 0 || job.lostNow) && !errors.Is(err, inbox.ErrLeaseLost) {
		// What was written already must be known as the bot's own, also if the batch is not tried again.
		memory, encoding := job.halfDone()
		if encoding != nil {
			return "again", encoding
		}
		if err := p.o.Inbox.SaveMemory(ctx, batch, memory); err != nil {
			return "again", err
		}
	}
	if d, ok := errors.AsType[*doubtful](err); ok {
		return p.askAgain(ctx, job, d)
	}
	switch {
	case err == nil:
		if job.called {
			p.outage.over()
		}
		err := p.o.Inbox.Complete(ctx, batch, job.result())
		if err == nil {
			for _, w := range job.wishes() {
				p.metrics.shadow.WithLabelValues(w.rule).Inc()
			}
		}
		return "done", err
	case errors.Is(err, inbox.ErrLeaseLost):
		return "lease lost", nil
	case stopped:
		return "given back", p.o.Inbox.Requeue(ctx, batch)
	case errors.Is(err, errFight):
		return "stopped", p.o.Inbox.DeadLetter(ctx, batch, err.Error(), job.lastDecision(ctx))
	case errors.Is(err, engine.ErrContradiction):
		return "buried", p.o.Inbox.DeadLetter(ctx, batch, err.Error(), job.record(err))
	case errors.Is(err, inbox.ErrUnavailable): // no fault of the issue, however often
		p.outage.inboxFailed()
		return p.retry(ctx, job, err)
	}
	if forbidden(err) && p.outage.over() {
		return p.retry(ctx, job, err) // the call may have been the last one that was refused with all others
	}
	switch class := gitlab.ClassOf(err); {
	case class == gitlab.NotFound:
		if d, ok := errors.AsType[*doubtful](job.doubt(opOf(err), p.o.Patience.Gone, err)); ok {
			return p.askAgain(ctx, job, d)
		}
		return p.gone(ctx, job, err)
	case class == gitlab.Unavailable:
		if !limited(err) {
			p.outage.failed(err)
		}
		return p.retry(ctx, job, err)
	case class == gitlab.Permanent, job.tries() >= p.o.Attempts:
		return "buried", p.o.Inbox.DeadLetter(ctx, batch, err.Error(), job.record(err))
	default:
		return p.retry(ctx, job, err)
	}
}

// forbidden reports whether GitLab said that the bot may not do it.
func forbidden(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status == http.StatusForbidden && e.Class == gitlab.Permanent
}

// limited reports whether GitLab asked to slow down. The budget sees to that for all; other issues may have what they need.
func limited(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status == http.StatusTooManyRequests
}

// gone ends the batch of an issue that is not there any more. If the whole project cannot be seen, the token has lost its access and the
// deliveries are kept; so they are if it is something else that is not there.
func (p *Pool) gone(ctx context.Context, job *job, err error) (string, error) {
	sees, lookup := p.o.GitLab.CanSeeProject(ctx, job.batch.Issue.Project)
	switch {
	case lookup != nil:
		return p.retry(ctx, job, lookup)
	case !sees:
		cause := "the token cannot see the project: make the bot's user a member of it with the role Reporter or Planner, then retry: " + err.Error()
		return "buried", p.o.Inbox.DeadLetter(ctx, job.batch, cause, job.record(err))
	}
	listed, lookup := job.live, error(nil)
	if !listed {
		listed, lookup = p.o.GitLab.IsListed(ctx, job.batch.Issue)
	}
	switch {
	case lookup != nil:
		return p.retry(ctx, job, lookup)
	case listed:
		return "buried", p.o.Inbox.DeadLetter(ctx, job.batch, err.Error(), job.record(err))
	}
	return "gone", p.o.Inbox.Complete(ctx, job.batch, inbox.Result{Record: job.record(err)})
}

func (p *Pool) retry(ctx context.Context, job *job, err error) (string, error) {
	job.wait = p.delay(job.tries(), gitlab.RetryDelay(err))
	return "retry", p.o.Inbox.Retry(ctx, job.batch, job.wait, err.Error())
}
