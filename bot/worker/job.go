package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/command"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// maxRounds bounds how often a job decides again because GitLab did not take what was wanted.
const maxRounds = 4

// job is one batch on its way through see, decide and apply.
type job struct {
	*Pool
	*rulebook
	batch  *inbox.Batch
	events []triage.Event
	unread int // deliveries that could not be read

	issue     triage.Issue
	newest    *triage.Issue  // the latest state that a delivery or a write told of; nil if none is known
	newestAt  time.Time      // when it was seen
	doubts    map[string]int // how often which answers were not believed
	blank     bool           // nothing was remembered of the issue
	adopted   bool           // it is taken up with its project's backlog
	came      time.Time      // when the bot came to its project, as far as that matters
	seen      time.Time      // when GitLab showed the issue so; zero if it is only remembered
	live      bool           // it was read from GitLab in this job
	reads     int            // how often that was
	late      bool           // the state was old when it was delivered
	called    bool           // GitLab answered in this job
	before    triage.Memory  // this job changed anything
	memory    triage.Memory
	base      *triage.Issue // the last state that deliveries and own writes told of; nil if none is remembered
	own       []triage.Edit // what this job wrote
	whole     bool          // the store remembered all that the bot did, and no attempt was begun since
	known     bool          // the memory is whole: nothing needs to be recovered from GitLab
	recovered bool          // it was recovered in this job
	keep      bool          // it is worth keeping
	loads     int           // how often the rules' needs were loaded

	comments    []engine.Comment // whose commands are to be run
	pending     engine.Pending   // what commands want that ran before the next decision
	facts       engine.Facts
	unrun       *unrun         // to run the commands again; nil if none ran yet
	found       map[int64]bool // comments that GitLab did not deliver
	unsure      map[int64]bool // of those, the ones that may have been edited
	resumed     *triage.Intent // what an earlier attempt wrote down, nil if there was none
	ordered     bool           // what the decision's commands want is written down
	allAnswered bool           // the comments are answered, be it that nothing was done
	followUp    *triage.Issue  // that was opened for a command, nil if none was
	history     history
	readOutside *bool                     // whether people outside get public comments by mail, as GitLab told; nil if it was not asked
	was         *triage.Issue             // the state to decide on, where a write was half taken; nil is the issue as it is
	lost        *triage.UnansweredWrite   // GitLab may still carry out writes whose answers did not come
	lostNow     bool                      // one of them is this job's
	texts       map[string][]command.Line // the commands in comments, by text

	watched  map[string][]string // what rules in shadow would have done before this job
	decision engine.Decision
	did      []string      // writes to GitLab in words
	wait     time.Duration // until the next try, after a failure
	held     atomic.Pointer[time.Time]
}

func newJob(p *Pool, batch *inbox.Batch) *job {
	j := &job{Pool: p, rulebook: p.rules.Load(), batch: batch}
	j.extended()
	return j
}

// begin keeps the memory as it is before the first change.
func (j *job) begin() {
	if len(j.did) == 0 && !j.ordered {
		j.before = j.memory
	}
}

// extended notes that the lease runs from now.
func (j *job) extended() {
	until := j.o.Now().Add(j.o.Lease)
	j.held.Store(&until)
}

// hold is asked before every write to GitLab. A process that was stopped for longer than its lease must not go on as if nothing had
// happened, nor one whose store was emptied: another one may be at the issue.
func (j *job) hold(ctx context.Context) error {
	if !j.o.Now().Before(*j.held.Load()) {
		return inbox.ErrLeaseLost
	}
	return j.o.Inbox.CheckLease(ctx, j.batch)
}

// guarded turns a panic into an error with its stack, so that one issue cannot take the process down.
func guarded(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f(ctx)
}

// run sees the issue, decides and applies until GitLab shows what was decided.
func (j *job) run(ctx context.Context) error {
	if err := j.see(ctx); err != nil {
		return err
	}
	if peace, err := j.inPeace(ctx); peace || err != nil {
		return err
	}
	if err := j.infer(ctx); err != nil {
		return err
	}
	if j.memory.Intent != nil || len(j.written()) > 0 {
		ctx = budget.Urgent(ctx)
	}
	if err := j.tidy(ctx); err != nil {
		return err
	}
	if err := j.hear(ctx); err != nil {
		return err
	}
	if j.stopped() && len(j.comments) == 0 && j.pending.Empty() {
		return errFight
	}
	for range maxRounds {
		if err := j.decide(ctx); err != nil {
			return j.regret(ctx, err)
		}
		if j.history.ownRead {
			if weeded, err := j.weed(ctx); err != nil {
				return err
			} else if weeded {
				continue
			}
		}
		if j.decision.Pending.Empty() && j.fighting() {
			return j.stop(ctx)
		}
		if err := j.keepIntent(ctx); err != nil {
			return err
		}
		if err := j.openFollowUp(ctx); err != nil {
			return j.regret(ctx, err)
		}
		again, err := j.apply(ctx)
		if err != nil {
			return j.regret(ctx, err)
		}
		if again {
			continue
		}
		if err := j.connect(ctx); err != nil {
			return j.regret(ctx, err)
		}
		if err := j.say(ctx); err != nil {
			return j.regret(ctx, err)
		}
		return j.reply(ctx)
	}
	return errors.New("GitLab keeps showing something else than what it was told")
}

// now is the time of the decision. A wake-up is due by the store's clock; where ours is behind, what it was set for is due all the same.
func (j *job) now() time.Time {
	now := j.o.Now()
	if j.batch.Woken && j.memory.WakeAt.After(now) {
		return j.memory.WakeAt
	}
	return now
}

// decide has the engine decide. If that needs to know more, it looks that up. If something is to be written, it first makes sure that the
// state looked at is fresh and that nothing is forgotten that GitLab could tell.
func (j *job) decide(ctx context.Context) error {
	for {
		d, needs, err := engine.Decide(j.policy, j.newCase())
		j.decision = d
		j.keep = j.keep || !d.Pending.Empty()
		switch {
		case err != nil:
			return err
		case d.InScope:
			again, err := j.confirm(ctx, d, needs)
			if err != nil || !again {
				return err
			}
		case needs.Empty():
			j.keep = j.keep || j.whole // what happens meanwhile is told, and left alone
			return nil
		default:
			if err := j.load(ctx, d, needs); err != nil {
				return err
			}
		}
	}
}

// newCase is what the job knows.
func (j *job) newCase() engine.Case {
	c := engine.Case{
		Issue: j.issue, Memory: j.memory, Events: j.events, Comments: j.comments, Pending: j.pending, Facts: j.facts, Now: j.now(),
	}
	if j.was != nil {
		c.Issue = *j.was
	}
	return c
}

// result is what a handled batch leaves in the inbox.
func (j *job) result() inbox.Result {
	r := inbox.Result{Record: j.record(nil), WakeAt: j.wakeAt()}
	if j.keep {
		j.decision.Memory.WakeAt, j.decision.Memory.SeenAt, j.decision.Memory.LastDelivered = r.WakeAt, j.seen, j.untold()
		j.decision.Memory.Unanswered, j.decision.Memory.LastTransition = j.lost, j.turned()
		if data, err := json.Marshal(j.decision.Memory); err == nil {
			r.Memory = data
		}
	}
	return r
}

// halfDone is what has to be remembered of a job that changed the issue and did not get to the end: its changes, but nothing of a note
// that was not written, nor of commands that would be lost.
func (j *job) halfDone() ([]byte, error) {
	m := j.decision.Memory.Clone()
	if m.Issue == nil || !j.decision.Pending.Empty() && !j.ordered && !j.allAnswered {
		m = j.memory.Clone() // nothing was decided yet
	}
	switch {
	case j.allAnswered:
		m.Intent = nil
	case j.ordered:
		m.Intent = &j.decision.Pending.Intent
	default:
		m.Intent = j.resumed
	}
	m.LastDelivered, m.Unanswered, m.Unconfirmed = j.untold(), j.lost, j.doubts
	m.Items, m.Mentioned, m.HasLine, m.Wakes = j.before.Items, j.before.Mentioned, j.before.HasLine, j.before.Wakes
	return json.Marshal(m)
}

// record is the decision for explanations; rules that were not run are left out, they had nothing to look at.
func (j *job) record(cause error) []byte {
	d := record.Decision{Path: j.issue.Path, Ours: j.decision.InScope, Reason: j.decision.Reason, Commands: j.decision.Pending.Results, Done: j.did, Attempt: j.batch.Attempt}
	for _, e := range j.events {
		d.Events = append(d.Events, e.Kind.String())
	}
	for _, f := range j.decision.Findings {
		if f.Evaluated {
			d.Findings = append(d.Findings, f)
		}
	}
	if cause != nil {
		d.Error = cause.Error()
	}
	data, err := d.Encode()
	if err != nil {
		return nil
	}
	return data
}

// log writes the job's one line.
func (j *job) log(result string, err error, took time.Duration) {
	fields := []zap.Field{
		zap.String("result", result), zap.Stringer("issue", j.batch.Issue), zap.String("path", j.issue.Path), zap.Int64("iid", j.batch.Issue.IID),
		zap.Stringer("events", triage.KindsOf(j.events)), zap.Int("deliveries", len(j.batch.Deliveries)), zap.Strings("did", j.did),
		zap.Duration("took", took), zap.Int("attempt", j.batch.Attempt),
	}
	if j.decision.Reason != "" {
		fields = append(fields, zap.String("reason", j.decision.Reason))
	}
	if wishes := j.wishes(); err == nil && len(wishes) > 0 {
		fields = append(fields, zap.Stringers("shadow", wishes))
	}
	if j.unread > 0 {
		fields = append(fields, zap.Int("unreadable", j.unread))
	}
	if j.wait > 0 {
		fields = append(fields, zap.Duration("again_in", j.wait))
	}
	if err != nil {
		j.o.Log.Warn("issue not handled", append(fields, zap.Error(err))...)
		return
	}
	j.o.Log.Info("issue handled", fields...)
}
