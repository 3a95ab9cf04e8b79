package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/tracing"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// decide has the engine decide. If that needs to know more, it looks that up. If something is to be written, it first makes sure that the
// state looked at is fresh and that nothing is forgotten that GitLab could tell.
func (j *job) decide(ctx context.Context) error {
	ctx, span := tracing.Start(ctx, "decide")
	defer span.End()
	for {
		d, needs, err := engine.Decide(j.rules.policy, j.newCase())
		j.decision, j.made = d, false
		j.keep = j.keep || !d.Pending.Empty()
		switch {
		case err != nil:
			return err
		case d.InScope:
			again, err := j.confirmInput(ctx, d, needs)
			if err == nil && !again {
				again, err = j.limitPolicies(ctx, d)
			}
			if err != nil || !again {
				return err
			}
		case needs.Empty():
			j.keep = j.keep || j.mail.whole // what happens meanwhile is told, and left alone
			if !j.keep && triage.KindsOf(j.in.Events)&triage.MergeRequestChanged != 0 {
				// Its state is remembered, so that the next change of a merge request costs no call.
				j.keep, j.decision.Memory.Partial, j.decision.Memory.FirstSeen = true, true, time.Time{}
			}
			return nil
		default:
			if err := j.lookUp(ctx, d, needs); err != nil {
				return err
			}
			j.runCommandsOn(j.shownIssue())
		}
	}
}

// newCase is what the job knows.
func (j *job) newCase() engine.Case {
	c := j.in
	c.Issue, c.Now = j.shownIssue(), j.decisionTime()
	return c
}

// shownIssue is the issue as GitLab shows it, without a write that was half taken.
func (j *job) shownIssue() triage.Issue {
	if j.snap.retracted != nil {
		return *j.snap.retracted
	}
	return j.snap.issue
}

// runCommandsOn has the commands run on this state of the issue from now on. What is read later, for the rules or before a write, gives them no
// other meaning: "next" is one step, also where a person has meanwhile made it.
func (j *job) runCommandsOn(issue triage.Issue) { j.in.RunOn = &issue }

// allEvents are those that the mailbox told of, and those that commands come to.
func (j *job) allEvents() []triage.Event {
	return slices.Concat(j.in.Events, j.decision.Pending.Events)
}

// decisionTime is the time of the decision. A wake-up is due by the store's clock; where ours is behind, what it was set for is due all the
// same.
func (j *job) decisionTime() time.Time {
	now := j.now()
	if j.batch.Woken && j.in.Memory.WakeAt.After(now) {
		return j.in.Memory.WakeAt
	}
	return now
}

// confirmInput makes sure, before anything is written, that a decision rests on a whole memory, on all that the rules have to know, and on a
// fresh state. It reports whether that brought something new, so that the rules have to be asked again. A decision that writes nothing
// needs no fresh state: reading would cost calls for an event that changes nothing.
func (j *job) confirmInput(ctx context.Context, d engine.Decision, needs engine.Needs) (again bool, err error) {
	looks := triage.KindsOf(j.allEvents()).Effective()&j.rules.policy.Kinds() != 0 || j.batch.Woken
	switch {
	case !looks && needs.Empty() && j.waitsForPolicies(d):
		j.keep, j.decision.Memory.Partial, j.decision.Memory.FirstSeen = true, true, time.Time{}
		return false, nil
	case !j.known && !looks && policiesAsked(j.in.Memory, d):
		return true, j.recoverMemory(ctx)
	case !j.known && !looks && needs.Empty():
		return false, nil // the rules have nothing to look at, and nothing is worth remembering yet
	case !j.known, setsWeight(d) && !j.recovered:
		return true, j.recoverMemory(ctx)
	}
	j.keep = true
	if !needs.Empty() {
		return true, j.lookUp(ctx, d, needs)
	}
	if j.isFresh() || j.onlyReminds(d) || !j.wantsWrites(d) {
		return false, nil
	}
	return true, j.readIssue(ctx)
}

// setsWeight reports whether the plan sets a weight: the one thing that a repetition could do twice.
func setsWeight(d engine.Decision) bool {
	for _, p := range d.Plan {
		if _, ok := p.Action.(triage.SetWeight); ok {
			return true
		}
	}
	return false
}

// onlyReminds reports whether all that is to be written is a note whose items have waited for the grace period to end, about a state that
// GitLab showed since the wait began. Deliveries have kept that up to date; a note that misses the last of them is set right by the next.
func (j *job) onlyReminds(d engine.Decision) bool {
	return j.batch.Woken && len(j.batch.Deliveries) == 0 && len(d.Plan)+len(d.Comments) == 0 && d.Pending.Empty() && !j.snap.late &&
		j.now().Sub(j.snap.seenAt) <= j.rules.policy.Grace+newborn
}

// wantsWrites reports whether the decision would write to GitLab.
func (j *job) wantsWrites(d engine.Decision) bool {
	_, say := noteToWrite(d)
	return say || len(d.Plan)+len(d.Comments) > 0 || !triage.Difference(j.snap.issue, d.Result).Empty()
}
