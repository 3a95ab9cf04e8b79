package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// answer tells the inbox what became of the batch and returns that in one word for logs and metrics.
func (p *Pool) answer(ctx context.Context, stopped bool, job *job, err error) (string, error) {
	batch := job.batch
	if err != nil && (len(job.effects.did) > 0 || job.effects.leftUnanswered) && !errors.Is(err, inbox.ErrLeaseLost) {
		// What was written already must be known as the bot's own, also if the batch is not tried again.
		memory, encoding := job.unfinishedMemory()
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
		if job.view.called {
			p.outage.over()
		}
		err := p.o.Inbox.Complete(ctx, batch, job.result())
		if err == nil {
			for _, w := range job.newShadowActions() {
				p.metrics.shadow.WithLabelValues(w.rule).Inc()
			}
		}
		return "done", err
	case errors.Is(err, inbox.ErrLeaseLost):
		return "lease lost", nil
	case stopped:
		return "given back", p.o.Inbox.Requeue(ctx, batch)
	case errors.Is(err, errWriteLoop):
		return "stopped", p.o.Inbox.DeadLetter(ctx, batch, err.Error(), job.newestRecord(ctx))
	case errors.Is(err, engine.ErrContradiction):
		return "buried", p.o.Inbox.DeadLetter(ctx, batch, err.Error(), job.record(err))
	case errors.Is(err, inbox.ErrUnavailable), errors.Is(err, inbox.ErrFull): // no fault of the issue, however often
		p.outage.inboxFailed()
		return p.retry(ctx, job, err)
	}
	if isForbidden(err) {
		if d, ok := errors.AsType[*doubtful](job.doubts.about(opOf(err), p.o.Patience.Forbidden, err)); ok {
			return p.askAgain(ctx, job, d)
		}
	}
	switch class := gitlab.ClassOf(err); {
	case class == gitlab.NotFound:
		if d, ok := errors.AsType[*doubtful](job.doubts.about(opOf(err), p.o.Patience.Gone, err)); ok {
			return p.askAgain(ctx, job, d)
		}
		return p.gone(ctx, job, err)
	case class == gitlab.Unavailable:
		if !isRateLimited(err) {
			p.outage.failed(err)
		}
		return p.retry(ctx, job, err)
	case class == gitlab.Permanent, job.tries() >= p.o.Attempts:
		return "buried", p.o.Inbox.DeadLetter(ctx, batch, err.Error(), job.record(err))
	default:
		return p.retry(ctx, job, err)
	}
}

// isForbidden reports whether GitLab said that the bot may not do it.
func isForbidden(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status == http.StatusForbidden && e.Class == gitlab.Permanent
}

// isRateLimited reports whether GitLab asked to slow down. The budget sees to that for all; other issues may have what they need.
func isRateLimited(err error) bool {
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
	listed, lookup := job.snap.live, error(nil)
	if !listed {
		listed, lookup = p.o.GitLab.IsListed(ctx, job.batch.Issue)
	}
	switch {
	case lookup != nil:
		return p.retry(ctx, job, lookup)
	case listed:
		return "buried", p.o.Inbox.DeadLetter(ctx, job.batch, err.Error(), job.record(err))
	}
	if telling := job.tellDeleted(ctx); telling != nil {
		return p.retry(ctx, job, telling)
	}
	return "gone", p.o.Inbox.Complete(ctx, job.batch, inbox.Result{Record: job.record(err)})
}

func (p *Pool) retry(ctx context.Context, job *job, err error) (string, error) {
	job.wait = p.delay(job.tries(), gitlab.RetryDelay(err))
	return "retry", p.o.Inbox.Retry(ctx, job.batch, job.wait, err.Error())
}

func outcome(r engine.Result) string {
	if r.Refused {
		return "refused"
	}
	return "done"
}

// result is what a handled batch leaves in the inbox.
func (j *job) result() inbox.Result {
	r := inbox.Result{Record: j.record(nil), WakeAt: j.wakeAt()}
	if j.shownForNothing() {
		r.Record = nil // thousands of these would push out what people ask about
	}
	if j.mail.otherRules {
		j.keep, r.WakeAt = true, j.leavePoliciesDue(r.WakeAt)
	}
	if j.keep {
		j.decision.Memory.WakeAt, j.decision.Memory.SeenAt, j.decision.Memory.LastDelivered = r.WakeAt, j.snap.seenAt, j.unobserved()
		j.decision.Memory.Unanswered, j.decision.Memory.LastTransition = j.effects.unanswered, j.lastTransition()
		if data, err := json.Marshal(j.decision.Memory); err == nil {
			r.Memory = data
		}
	}
	return r
}

// unfinishedMemory is what has to be remembered of a job that changed the issue and did not get to the end: its changes, but nothing of a note
// that was not written, nor of commands that would be lost, nor of changes that were not made: people would be taken to have undone them.
func (j *job) unfinishedMemory() ([]byte, error) { return json.Marshal(j.unfinished()) }

func (j *job) unfinished() triage.Memory {
	m := j.decision.Memory.Clone()
	wantsMore := !j.decision.Pending.Empty() || j.isUnwritten()
	if m.Issue == nil || wantsMore && !j.intent.recorded && !j.intent.answered {
		m = j.in.Memory.Clone() // nothing of the decision is so yet
		if j.mail.blank && !j.known {
			m.Partial, m.FirstSeen = true, time.Time{} // nor was what the bot did before asked for
		}
	}
	switch {
	case j.intent.answered:
		m.Intent = nil
	case j.intent.recorded:
		intent := j.decision.Pending.Intent
		if intent.Edit.Empty() && j.isUnwritten() { // what was written down is made, and then more was decided
			intent.Edit, intent.Base = triage.Difference(j.snap.issue, j.decision.Result), j.snap.issue.UpdatedAt
		}
		m.Intent = &intent
	case j.intent.withdrawn != nil && wantsMore:
		m.Intent, m.ExecutedNotes = &j.intent.withdrawn.intent, j.intent.withdrawn.executed
	default:
		m.Intent = cmp.Or(j.intent.resumed, m.Intent) // which may not have been taken up yet
	}
	m.LastDelivered, m.Unanswered, m.Unconfirmed = j.unobserved(), j.effects.unanswered, j.doubts.counts
	if j.isUnwritten() {
		m.SettingStatus = j.settingStatus
	}
	before := cmp.Or(j.before, &j.in.Memory)
	m.Items, m.Mentioned, m.HasLine, m.Wakes = before.Items, before.Mentioned, before.HasLine, before.Wakes
	m.PoliciesAsked = before.PoliciesAsked // what they had to say may not be said
	m.Spells = j.undertaken(m.Spells)
	return m
}

// record is the decision for explanations; rules that were not run are left out, they had nothing to look at.
func (j *job) record(cause error) []byte {
	d := record.Decision{
		Path: j.snap.issue.Path, Confidential: j.snap.issue.Confidential, InScope: j.decision.InScope, Reason: j.decision.Reason,
		Commands: j.decision.Pending.Results, Done: j.effects.did, Attempt: j.batch.Attempt,
	}
	for _, m := range j.batch.Deliveries[max(0, len(j.batch.Deliveries)-record.MaxDeliveries):] {
		if m.ID != "" {
			d.Deliveries = append(d.Deliveries, m.ID)
		}
	}
	for _, e := range j.allEvents() {
		d.Events = append(d.Events, e.Kind.String())
	}
	if j.reports.due() {
		d.Events = append(d.Events, triage.ReportDue.String())
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

// logResult writes the job's one line: what it did and why, in the bot's own words. Nothing that people wrote is in it.
func (j *job) logResult(result string, err error, took time.Duration) {
	fields := []zap.Field{
		zap.String("result", result), zap.Stringer("issue", j.batch.Issue), zap.String("path", j.snap.issue.Path), zap.Int64("iid", j.batch.Issue.IID),
		zap.Stringer("events", j.kinds()), zap.Int("deliveries", len(j.batch.Deliveries)), zap.Strings("rules", j.notableRules()),
		zap.Strings("did", j.effects.did), zap.Int64("calls", j.calls.Load()), zap.Duration("took", took), zap.Int("attempt", j.batch.Attempt),
	}
	if j.decision.Reason != "" {
		fields = append(fields, zap.String("reason", j.decision.Reason))
	}
	if wishes := j.newShadowActions(); err == nil && len(wishes) > 0 {
		fields = append(fields, zap.Stringers("shadow", wishes))
	}
	if j.mail.unreadable > 0 {
		fields = append(fields, zap.Int("unreadable", j.mail.unreadable))
	}
	if j.wait > 0 {
		fields = append(fields, zap.Duration("again_in", j.wait))
	}
	if err != nil {
		j.pool.o.Log.Warn("issue not handled", append(fields, zap.Error(err))...)
		return
	}
	j.pool.o.Log.Info("issue handled", fields...)
}
