package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// The breaker stops the bot on an issue that it keeps changing: somebody changes it back each time, most likely another bot.
const (
	breakerWrites = 10
	breakerWindow = 10 * time.Minute
)

// errWriteLoop says that the breaker stopped the bot on an issue. The batch becomes a dead letter, with the decision.
var errWriteLoop = errors.New("stopped: ten changes of this issue within ten minutes; look who changes them back, a bot or a person, then retry the letter")

// stoppedLine is what the note says then.
const stoppedLine = "The bot changed this issue ten times in ten minutes and stopped. It looks again at the first change after ten quiet minutes."

// stopped reports whether the breaker stopped the bot here a short while ago.
func (j *job) stopped() bool { return j.in.Memory.StoppedAt.After(j.now().Add(-breakerWindow)) }

// isWriteLoop reports whether the plan would be one change too many, by the changes that are remembered.
func (j *job) isWriteLoop() bool {
	if len(j.decision.Plan)+len(j.decision.Comments) == 0 {
		return false
	}
	recent := j.now().Add(-breakerWindow)
	j.in.Memory.Writes = slices.DeleteFunc(slices.Clone(j.in.Memory.Writes), func(at time.Time) bool { return at.Before(recent) })
	return len(j.in.Memory.Writes) >= breakerWrites
}

// countWrite counts a change of the issue.
func (j *job) countWrite(m *triage.Memory) {
	m.Writes = append(slices.Clone(m.Writes), j.now())
	if len(m.Writes) > breakerWrites {
		m.Writes = m.Writes[len(m.Writes)-breakerWrites:]
	}
}

// stopWriting leaves the plan alone and says on the note that the bot stopped. The issue is woken at once, found stopped and given up, now
// that the store knows of it: a dead letter alone would not keep that the note was written.
func (j *job) stopWriting(ctx context.Context) error {
	j.pool.metrics.fights.Inc()
	d := &j.decision
	d.Result, d.Plan, d.Comments, d.Undertaken = j.snap.issue, nil, nil, nil
	d.Memory = j.in.Memory.Clone()
	d.Memory.Issue, d.Memory.StoppedAt = &j.snap.issue, j.now()
	d.Note.Lines = append(slices.Clone(d.Note.Lines), stoppedLine)
	d.UpdateNote, d.WakeAt = true, j.now()
	j.effects.note("stopped")
	return j.publishNote(ctx)
}

// newestRecord is the newest kept decision of the issue: for a stopped one, that which was one too many.
func (j *job) newestRecord(ctx context.Context) []byte {
	records, err := j.pool.o.Inbox.Records(ctx, j.batch.Issue, 1)
	if err != nil || len(records) == 0 {
		return j.record(errWriteLoop)
	}
	return records[0].Body
}
