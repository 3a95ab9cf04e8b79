package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// The wordJoiner stops the bot on an issue that it keeps changing: somebody changes it back each time, most likely another bot.
const (
	breakerWrites = 10
	breakerWindow = 10 * time.Minute
)

// errFight says that the wordJoiner stopped the bot on an issue. The batch becomes a dead letter, with the decision.
var errFight = errors.New("stopped: ten changes of this issue within ten minutes; look who changes them back, a bot or a person, then retry the letter")

// pausedLine is what the note says then.
const pausedLine = "The bot changed this issue ten times in ten minutes and stopped. It looks again at the first change after ten quiet minutes."

// stopped reports whether the wordJoiner stopped the bot here a short while ago.
func (j *job) stopped() bool { return j.memory.StoppedAt.After(j.o.Now().Add(-breakerWindow)) }

// fighting reports whether the plan would be one change too many, by the changes that are remembered.
func (j *job) fighting() bool {
	if len(j.decision.Plan) == 0 {
		return false
	}
	recent := j.o.Now().Add(-breakerWindow)
	j.memory.Writes = slices.DeleteFunc(slices.Clone(j.memory.Writes), func(at time.Time) bool { return at.Before(recent) })
	return len(j.memory.Writes) >= breakerWrites
}

// wrote counts a change of the issue.
func (j *job) wrote(m *triage.Memory) {
	m.Writes = append(slices.Clone(m.Writes), j.o.Now())
	if len(m.Writes) > breakerWrites {
		m.Writes = m.Writes[len(m.Writes)-breakerWrites:]
	}
}

// stop leaves the plan alone and says on the note that the bot stopped. The issue is woken at once, found stopped and given up, now that
// the store knows of it: a dead letter alone would not keep that the note was written.
func (j *job) stop(ctx context.Context) error {
	j.metrics.fights.Inc()
	d := &j.decision
	d.Result, d.Plan = j.issue, nil
	d.Memory = j.memory.Clone()
	d.Memory.Issue, d.Memory.StoppedAt = &j.issue, j.o.Now()
	d.Note.Lines = append(slices.Clone(d.Note.Lines), pausedLine)
	d.UpdateNote, d.WakeAt = true, j.o.Now()
	j.did = append(j.did, "stopped")
	return j.say(ctx)
}

// lastDecision is the newest kept decision of the issue: for a stopped one, that which was one too many.
func (j *job) lastDecision(ctx context.Context) []byte {
	records, err := j.o.Inbox.Records(ctx, j.batch.Issue, 1)
	if err != nil || len(records) == 0 {
		return j.record(errFight)
	}
	return records[0].Body
}
