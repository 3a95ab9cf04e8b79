package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/command"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// maxRounds bounds how often a job decides again because GitLab did not take what was wanted.
const maxRounds = 4

// job is one batch on its way: loaded into a case, decided, executed, published and settled. Each stage goes by what the ones before it left.
type job struct {
	pool   *Pool
	rules  *rulebook
	batch  *inbox.Batch
	now    func() time.Time
	log    *zap.Logger
	reads  reader
	writes executor
	says   publisher
	held   atomic.Pointer[time.Time] // until when the lease is held
	calls  atomic.Int64              // of GitLab's API

	reports reportWork

	// What is loaded.
	mail   mail
	snap   snapshot
	view   view
	in     engine.Case // but for its Issue and Now
	doubts doubts
	texts  map[string][]command.Line // the commands in comments, by text
	loads  int                       // how often something was looked up for a decision

	neverTold     bool   // of a merge request: as far as is known, no issue was told of it
	settingStatus string // the label of the status that was about to be set, by an earlier attempt or this one; "" is none

	known     bool           // the memory is whole: nothing needs to be recovered from GitLab
	recovered bool           // it was recovered in this job
	keep      bool           // it is worth keeping
	before    *triage.Memory // before this job changed anything; nil is as it is now

	// What is decided, and what became of it.
	decision engine.Decision
	made     bool // GitLab has answered the decision's write
	intent   intentState
	effects  effects
	wait     time.Duration // until the next try, after a failure
}

// mail is what the mailbox told beside the events.
type mail struct {
	unreadable  int                 // deliveries that could not be read
	ambiguous   bool                // which of two states of a merge request is the later one cannot be told
	blank       bool                // nothing was remembered of the issue
	adopted     bool                // it is taken up with its project's backlog
	receivedAt  []time.Time         // when its deliveries came, to whichever replica
	cameAt      time.Time           // when the bot came to its project, as far as that matters
	sweptFrom   time.Time           // from when on the sweep looks that found a merge request; zero if none did
	whole       bool                // the store remembered all that the bot did, and no attempt was begun since
	shadowed    map[string][]string // what rules in shadow would have done before this job
	found       map[int64]bool      // comments that GitLab did not deliver
	maybeEdited map[int64]bool      // of those, the ones that may have been edited
	otherRules  bool                // policies are due that this process does not have: it knows an older or a newer configuration
	readOutside *bool               // whether people outside get public comments by mail, as GitLab told; nil if it was not asked
}

// effects are what the job wrote to GitLab.
type effects struct {
	did            []string                // in words
	edits          []triage.Edit           // of the issue
	unanswered     *triage.UnansweredWrite // GitLab may still carry out writes whose answers did not come
	leftUnanswered bool                    // the store does not know of one of them yet
}

// note takes down a write in words.
func (e *effects) note(what string) { e.did = append(e.did, what) }

func newJob(p *Pool, batch *inbox.Batch) *job {
	j := &job{pool: p, rules: p.rules.Load(), batch: batch, now: p.o.Now, reads: p.o.GitLab, writes: p.o.GitLab, says: p.o.GitLab}
	j.log = p.o.Log.WithLazy(zap.Stringer("issue", batch.Issue))
	j.view = view{gitlab: p.o.GitLab, of: batch.Issue, bot: &p.bot, levels: &p.levels, now: j.now, log: j.log}
	j.leaseExtended()
	return j
}

// run handles the batch: what happened to the issue, and what is due of a report that stands on it.
func (j *job) run(ctx context.Context) error {
	j.takeReportEvents(ctx)
	var err error
	if !j.reports.only {
		err = j.handle(ctx)
		if touching := j.touchReports(ctx); err == nil {
			err = touching
		}
	}
	if err != nil {
		return err
	}
	return j.refreshReport(ctx)
}

// handle takes what happened to the issue through the stages until GitLab shows what was decided.
func (j *job) handle(ctx context.Context) error {
	if err := j.load(ctx); err != nil {
		return err
	}
	if err := j.leaveToPolicies(ctx); err != nil {
		return err
	}
	if j.batch.Issue.Kind == triage.SubjectMergeRequest {
		return j.handleMergeRequest(ctx)
	}
	if untouched, err := j.isUntouched(ctx); untouched || err != nil {
		return err
	}
	if err := j.inferMissed(ctx); err != nil {
		return err
	}
	j.doubtMergeRequests()
	if j.in.Memory.Intent != nil || len(j.commandComments()) > 0 {
		ctx = budget.Urgent(ctx)
	}
	if err := j.removeLateTwins(ctx); err != nil {
		return err
	}
	if err := j.prepareComments(ctx); err != nil {
		return err
	}
	if j.stopped() && len(j.in.Comments) == 0 && j.in.Pending.Empty() {
		return errWriteLoop
	}
	return j.decideInRounds(ctx)
}

// decideInRounds decides and carries out until GitLab shows what was decided.
func (j *job) decideInRounds(ctx context.Context) error {
	for range maxRounds {
		again, err := j.round(ctx)
		if err != nil {
			return j.reportFailure(ctx, err)
		}
		if !again {
			return nil
		}
	}
	return errors.New("GitLab keeps showing something else than what it was told")
}

// round decides, executes and publishes. It reports whether that has to be done again: GitLab did not take what was decided, or showed that
// the decision rested on something wrong.
func (j *job) round(ctx context.Context) (again bool, err error) {
	if err := j.decide(ctx); err != nil {
		return false, err
	}
	if j.view.ownRead {
		if deleted, err := j.deleteTwins(ctx); deleted || err != nil {
			return deleted, err
		}
	}
	if j.decision.Pending.Empty() && j.isWriteLoop() {
		return false, j.stopWriting(ctx)
	}
	if again, err := j.execute(ctx); again || err != nil {
		return again, err
	}
	if err := j.publish(ctx); err != nil {
		return false, err
	}
	return false, j.move(ctx)
}

// snapshotMemory keeps the memory as it is before the first change.
func (j *job) snapshotMemory() {
	if len(j.effects.did) == 0 && !j.intent.recorded {
		before := j.in.Memory
		j.before = &before
	}
}

// leaseExtended notes that the lease runs from now.
func (j *job) leaseExtended() {
	until := j.now().Add(j.pool.o.Lease)
	j.held.Store(&until)
}

// checkLease is asked before every write to GitLab. A process that was stopped for longer than its lease must not go on as if nothing had
// happened, nor one whose store was emptied: another one may be at the issue.
func (j *job) checkLease(ctx context.Context) error {
	if !j.now().Before(*j.held.Load()) {
		return inbox.ErrLeaseLost
	}
	return j.pool.o.Inbox.CheckLease(ctx, j.batch)
}

// recoverPanic turns a panic into an error with its stack, so that one issue cannot take the process down.
func recoverPanic(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f(ctx)
}
