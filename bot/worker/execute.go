package worker

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// execute carries the decision out: it writes down what commands want, opens their follow-up, changes the issue with one write and links
// it. It reports whether GitLab did not take some of it, so that the issue has to be decided again.
func (j *job) execute(ctx context.Context) (again bool, err error) {
	if err := j.recordIntent(ctx); err != nil {
		return false, err
	}
	if err := j.recordUndertaken(ctx); err != nil {
		return false, err
	}
	if err := j.openFollowUp(ctx); err != nil {
		return false, err
	}
	if again, err := j.update(ctx); again || err != nil {
		return again, err
	}
	if err := j.makeLinks(ctx); err != nil {
		return false, err
	}
	if err := j.promote(ctx); err != nil {
		return false, err
	}
	return false, j.editReports(ctx)
}

// update carries out the plan with one write and compares GitLab's answer with what was wanted. It reports whether GitLab did not take
// some of it, so that the rules have to be asked again with that knowledge.
func (j *job) update(ctx context.Context) (again bool, err error) {
	d, wanted := &j.decision, withoutMove(j.snap.issue, j.decision.Result)
	if len(d.Plan) == 0 && triage.Difference(j.snap.issue, wanted).Empty() {
		return false, nil
	}
	got, err := j.writes.UpdateIssue(ctx, j.snap.issue, wanted)
	if j.isBelowDeveloper(err) {
		return true, j.leaveMergeRequest(err)
	}
	if err != nil {
		return false, err
	}
	j.made = true
	if got.Closed != j.snap.issue.Closed && got.StatusName == "" {
		if err := j.readStatus(ctx, &got); err != nil { // closing and reopening set one
			return false, err
		}
	}
	got.CarryFrom(&j.snap.issue)
	if err := j.completeDetails(ctx, &got); err != nil {
		return false, err
	}
	got = j.rules.policy.Team.SeeStatus(got)
	edit, before := triage.Difference(j.snap.issue, wanted), j.snap.issue
	j.effects.edits = append(j.effects.edits, edit)
	if len(d.Plan) > 0 {
		j.countWrite(&d.Memory)
	}
	j.snapshotMemory()
	d.Pending.Intent.Edit, d.Pending.Intent.Written = triage.Edit{}, edit // whoever takes it up does not do it again
	for _, a := range d.Pending.WantedActions {
		if a.Done(got) {
			if d.Memory.CommandedAt == nil {
				d.Memory.CommandedAt = map[string]time.Time{}
			}
			d.Memory.CommandedAt[a.Key()] = got.UpdatedAt
		}
	}
	bump := j.in.Memory.Bump
	j.view.called = true
	if labels := labelsRefused(j.rules.policy.Team, edit, before, got); len(labels) > 0 {
		if j.snap.retracted != nil {
			before = *j.snap.retracted
		}
		j.withdrawWrite(before, got, labels)
		return true, nil
	}
	j.snap.retracted = nil
	if got.NewerThan(j.snap.newest) {
		j.snap.newest, j.snap.newestAt = &got, j.now()
	}
	j.snap.issue, j.snap.seenAt, j.snap.live, j.in.Memory = got, j.now(), true, d.Memory
	j.in.Memory.Issue, d.Memory.Issue = &got, &got
	j.in.Memory.Spells = j.undertaken(j.in.Memory.Spells) // not all of it is done yet
	defer j.carryPending()
	for _, p := range d.Plan {
		if _, moves := p.Action.(triage.Move); moves {
			continue // it comes last
		}
		if p.Action.Done(d.Result) && !p.Action.Done(got) && j.noteRefused(p.Action, got) {
			again = true
			j.in.Memory.Bump = bump
			j.log.Warn("GitLab did not take a change", zap.Stringer("change", p.Action))
			j.effects.note(p.Rule + ": " + p.Action.String() + ", which GitLab did not take")
			continue
		}
		j.effects.note(p.Rule + ": " + p.Action.String())
		j.pool.metrics.actions.WithLabelValues(p.Rule).Inc()
	}
	again = j.checkWanted(got) || again
	return j.heedClosing(before, wanted, got) || again, nil
}

// isUnwritten reports whether the decision's write was not made, as far as is known.
func (j *job) isUnwritten() bool {
	return !j.made && !triage.Difference(j.snap.issue, j.decision.Result).Empty()
}

// heedClosing reports whether GitLab gave the issue another status when the bot closed or reopened it, which the label is to follow where a team keeps
// its states in both places: no delivery will tell, because the bot itself did it.
func (j *job) heedClosing(before, wanted, got triage.Issue) bool {
	from, to := wanted.ShownStatus(), got.ShownStatus()
	if j.rules.policy.Team.Store != triage.StoreBoth || before.Closed == got.Closed || to == "" || from == to {
		return false
	}
	j.heedStatus(from, to, got.UpdatedAt)
	// The state that a command wanted was set, and GitLab's came behind it.
	pending := &j.decision.Pending
	pending.WantedActions = slices.DeleteFunc(pending.WantedActions, func(a engine.WantedAction) bool {
		return j.rules.policy.Team.IsState(triage.LabelOf(a.Action))
	})
	return true
}

// heedStatusOfClosing is the same for an issue that an earlier attempt closed, without living to see the status that it got.
func (j *job) heedStatusOfClosing() {
	if status := j.snap.issue.ShownStatus(); j.rules.policy.Team.Store == triage.StoreBoth && j.snap.issue.Closed && status != "" {
		j.heedStatus("", status, j.snap.issue.UpdatedAt)
	}
}

// heedStatus tells the rules that GitLab gave the issue a status because the bot closed or reopened it.
func (j *job) heedStatus(from, to string, at time.Time) {
	e := triage.Event{Kind: triage.Updated, Actor: j.view.bot.self, At: at, ReceivedAt: j.now()}
	e.Changes.Status = &triage.StatusChange{From: from, To: to}
	j.in.Events = append(j.in.Events, e)
}

// checkWanted checks what commands wanted of the issue against GitLab's answer, and says what GitLab did not take. A weight that GitLab
// dropped becomes a label.
func (j *job) checkWanted(got triage.Issue) (again bool) {
	var kept []engine.WantedAction
	pending := &j.decision.Pending
	for _, a := range pending.WantedActions {
		switch weight, weighs := a.Action.(triage.SetWeight); {
		case a.Done(got) || !a.Done(j.decision.Result):
			kept = append(kept, a)
			j.effects.note("command: " + a.String())
		case !j.noteRefused(a.Action, got):
			kept = append(kept, a)
		case weighs && weight.Side == "":
			a.Action = j.rules.policy.Team.SideWeight(j.rules.policy.Team.Side, weight.Value)
			kept, again = append(kept, a), true
		case triage.IsAssignment(a.Action):
			again = true
			j.askForAssignee(&pending.Intent, a.Note)
		default:
			again = true
			appendReply(&pending.Intent, a.Note, triage.Say("GitLab did not take this: ").Quote(a.String()).Say("."))
		}
	}
	pending.WantedActions = kept
	return again
}

// askForAssignee answers a comment whose writer GitLab does not let the bot assign: the engineering manager is asked, once on an issue.
func (j *job) askForAssignee(intent *triage.Intent, note int64) {
	appendReply(intent, note, triage.Say("GitLab does not let the bot assign the issue to you; the engineering manager will see to it."))
	m := &j.in.Memory
	if m.Mentioned[assigneeAsked] {
		return
	}
	for n := range intent.Answers {
		if a := &intent.Answers[n]; a.Note == note && a.Reply != nil {
			a.Reply.Asks = append(slices.Clip(a.Reply.Asks), triage.EngineeringManager)
		}
	}
	if m.Mentioned == nil {
		m.Mentioned = map[string]bool{}
	}
	m.Mentioned[assigneeAsked] = true
}

// assigneeAsked is what Memory.Mentioned holds when the engineering manager was asked to assign somebody.
const assigneeAsked = "take"

// noteRefused remembers a change that GitLab answered with success and did not make, so that it is not tried again and again. Something that
// others changed at the same moment is not refused; their own event follows. Labels are looked at before.
func (j *job) noteRefused(a triage.Action, got triage.Issue) bool {
	switch a := a.(type) {
	case triage.SetWeight:
		if a.Side != "" || got.Weight != nil {
			return false
		}
		delete(j.in.Memory.BotChanges, a.Key())
		j.in.Memory.WeightDropped = !got.NoWeights
		return true
	case triage.AddLabel, triage.RemoveLabel:
		return false
	}
	rememberRefused(&j.in.Memory, a)
	return true
}

// rememberRefused remembers that GitLab did not do something, so that it is left alone from then on.
func rememberRefused(m *triage.Memory, a triage.Action) {
	delete(m.BotChanges, a.Key())
	if m.Undone == nil {
		m.Undone = map[string]triage.Undoing{}
	}
	m.Undone[a.Key()] = triage.Undoing{By: triage.ByGitLab, What: a.String()}
}

// makeLinks makes the links that commands want, once GitLab has taken the rest.
func (j *job) makeLinks(ctx context.Context) error {
	intent := &j.decision.Pending.Intent
	if len(intent.Links) == 0 {
		return nil
	}
	for _, l := range intent.Links {
		made, err := j.writes.CreateLink(ctx, j.batch.Issue, l.To, l.Kind)
		never, err := j.unlinkable(err)
		switch {
		case err != nil:
			return err
		case never:
			appendReply(intent, l.Note, triage.Say("GitLab did not link the issues; is the other one visible to the bot?"))
		case made != l.Kind:
			appendReply(intent, l.Note, triage.Say("This GitLab has no blocking links, so the issues are linked as related."))
		default:
			j.effects.note("linked " + l.To.String() + " as " + made)
		}
	}
	return nil
}
