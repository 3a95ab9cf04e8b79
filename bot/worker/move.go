package worker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// withoutMove is the issue as it is wanted before it is moved.
func withoutMove(before, wanted triage.Issue) triage.Issue {
	if wanted.MoveTo != "" && !before.Moved {
		wanted.MoveTo, wanted.Moved, wanted.Closed = "", false, before.Closed
	}
	return wanted
}

// move moves the issue to the project where a policy wants it, after all else, so that what was said goes with it. A move is never repeated while
// GitLab may still be at the first one: it would make two issues of one.
func (j *job) move(ctx context.Context) error {
	d := &j.decision
	at := slices.IndexFunc(d.Plan, func(p engine.Planned) bool { _, moves := p.Action.(triage.Move); return moves })
	if at < 0 || j.snap.issue.Moved {
		return nil
	}
	wanted := d.Plan[at]
	if err := j.mayBeMoving(); err != nil {
		return err
	}
	place, visible, err := j.reads.PlaceAt(ctx, false, d.Result.MoveTo)
	if err != nil {
		return err
	}
	if !visible {
		j.refuseMove(wanted, errors.New("there is no such project that the bot can see"))
		return nil
	}
	j.snapshotMemory()
	_, err = j.writes.MoveIssue(ctx, j.batch.Issue, place)
	if class := gitlab.ClassOf(err); class == gitlab.Permanent || class == gitlab.NotFound {
		return j.findOutWhyNotMoved(ctx, wanted, err)
	}
	before := j.effects.unanswered
	if err := j.rememberUnanswered(0, err); err != nil {
		if lost := j.effects.unanswered; lost != before {
			lost.Moves = true
		}
		return err
	}
	j.rememberMoved(wanted)
	return nil
}

// mayBeMoving is the error of an earlier move that GitLab did not answer and may still carry out.
func (j *job) mayBeMoving() error {
	lost := j.effects.unanswered
	if lost == nil || !lost.Moves {
		return nil
	}
	wait := lost.At.Add(j.pool.o.Patience.late()).Sub(j.now())
	if wait <= 0 {
		return nil
	}
	return &doubtful{about: "whether the issue was moved", wait: wait, err: errors.New("GitLab did not answer and may still be moving the issue")}
}

// findOutWhyNotMoved finds out whether GitLab refused to move the issue because it is moved already.
func (j *job) findOutWhyNotMoved(ctx context.Context, wanted engine.Planned, cause error) error {
	if err := j.readIssue(ctx); err != nil {
		return err
	}
	if j.snap.issue.Moved {
		j.rememberMoved(wanted)
		return nil
	}
	waits := []time.Duration(nil)
	switch {
	case gitlab.ClassOf(cause) == gitlab.NotFound:
		waits = j.pool.o.Patience.Gone
	case isForbidden(cause):
		waits = j.pool.o.Patience.Forbidden
	}
	if err := j.doubts.about(opOf(cause), waits, cause); err != nil {
		return err
	}
	j.refuseMove(wanted, cause)
	return nil
}

// rememberMoved takes down that the issue is moved.
func (j *job) rememberMoved(wanted engine.Planned) {
	if len(j.decision.Plan) == 1 {
		j.countWrite(&j.decision.Memory)
	}
	moved := j.snap.issue
	moved.Moved, moved.Closed = true, true
	j.effects.edits = append(j.effects.edits, triage.Edit{MoveTo: j.decision.Result.MoveTo})
	j.snap.issue, j.snap.seenAt, j.view.called = moved, j.now(), true
	j.decision.Memory.Issue = &moved
	j.effects.note(wanted.Rule + ": " + wanted.Action.String())
	j.pool.metrics.actions.WithLabelValues(wanted.Rule).Inc()
}

// refuseMove remembers that the issue cannot be moved there, so that it is not tried for ever. The rules are asked again at once: the note has to
// say so.
func (j *job) refuseMove(wanted engine.Planned, cause error) {
	m, issue := &j.decision.Memory, j.snap.issue
	m.BotChanges, m.Undone = maps.Clone(m.BotChanges), maps.Clone(m.Undone)
	rememberRefused(m, wanted.Action)
	m.Issue, j.decision.WakeAt = &issue, j.now().Add(time.Second)
	j.log.Warn("GitLab did not move an issue", zap.String("rule", wanted.Rule), zap.Stringer("change", wanted.Action), zap.Error(cause))
	j.effects.note(wanted.Rule + ": " + wanted.Action.String() + ", which GitLab did not do: " + reasonOf(cause))
}

// reasonOf is why a call failed, without what was being done.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*gitlab.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
