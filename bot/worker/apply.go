package worker

import (
	"context"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"

	"go.uber.org/zap"
)

// apply carries out the plan with one write and compares GitLab's answer with what was wanted. It reports whether GitLab did not take
// some of it, so that the rules have to be asked again with that knowledge.
func (j *job) apply(ctx context.Context) (again bool, err error) {
	d := &j.decision
	if reopens := j.issue.Closed && !d.Result.Closed; len(d.Plan) == 0 && !reopens && triage.Difference(j.issue, d.Result).Empty() {
		return false, nil
	}
	if err := j.hold(ctx); err != nil {
		return false, err
	}
	got, err := j.o.GitLab.UpdateIssue(ctx, j.issue, d.Result)
	if err != nil {
		return false, err
	}
	got.CarryStatusFrom(&j.issue)
	edit, before := triage.Difference(j.issue, d.Result), j.issue
	j.own = append(j.own, edit)
	if len(d.Plan) > 0 {
		j.wrote(&d.Memory)
	}
	j.begin()
	d.Pending.Intent.Edit, d.Pending.Intent.Written = triage.Edit{}, edit // whoever takes it up does not do it again
	for _, a := range d.Pending.WantedActions {
		if a.Done(got) {
			if d.Memory.CommandedAt == nil {
				d.Memory.CommandedAt = map[string]time.Time{}
			}
			d.Memory.CommandedAt[a.Key()] = got.UpdatedAt
		}
	}
	bump := j.memory.Bump
	j.called = true
	if labels := denied(edit, before, got); len(labels) > 0 {
		if j.was != nil {
			before = *j.was
		}
		j.withdraw(before, got, labels)
		return true, nil
	}
	j.was = nil
	if got.NewerThan(j.newest) {
		j.newest, j.newestAt = &got, j.o.Now()
	}
	j.issue, j.seen, j.live, j.memory = got, j.o.Now(), true, d.Memory
	j.memory.Issue, d.Memory.Issue = &got, &got
	defer j.goOn()
	for _, p := range d.Plan {
		if p.Action.Done(d.Result) && !p.Action.Done(got) && j.refused(p.Action, got) {
			again = true
			j.memory.Bump = bump
			j.o.Log.Warn("GitLab did not take a change", zap.Stringer("issue", j.batch.Issue), zap.Stringer("change", p.Action))
			j.did = append(j.did, p.Rule+": "+p.Action.String()+", which GitLab did not take")
			continue
		}
		j.did = append(j.did, p.Rule+": "+p.Action.String())
		j.metrics.actions.WithLabelValues(p.Rule).Inc()
	}
	return j.applyWanted(got) || again, nil
}

// applyWanted checks what commands wanted of the issue against GitLab's answer, and says what GitLab did not take. A weight that GitLab
// dropped becomes a label.
func (j *job) applyWanted(got triage.Issue) (again bool) {
	var kept []engine.WantedAction
	pending := &j.decision.Pending
	for _, a := range pending.WantedActions {
		switch weight, weighs := a.Action.(triage.SetWeight); {
		case a.Done(got) || !a.Done(j.decision.Result):
			kept = append(kept, a)
			j.did = append(j.did, "command: "+a.String())
		case !j.refused(a.Action, got):
			kept = append(kept, a)
		case weighs && weight.Side == "":
			a.Action = triage.SetWeight{Value: weight.Value, Side: j.policy.Team.Side}
			kept, again = append(kept, a), true
		default:
			again = true
			tell(&pending.Intent, a.Note, triage.Say("GitLab did not take this: ").Quote(a.String()).Say("."))
		}
	}
	pending.WantedActions = kept
	return again
}

// refused remembers a change that GitLab answered with success and did not make, so that it is not tried again and again. Something that
// others changed at the same moment is not refused; their own event follows. Labels are looked at before.
func (j *job) refused(a triage.Action, got triage.Issue) bool {
	switch a := a.(type) {
	case triage.SetWeight:
		if a.Side != "" || got.Weight != nil {
			return false
		}
		delete(j.memory.BotChanges, a.Key())
		j.memory.WeightDropped = !got.NoWeights
		return true
	case triage.AddLabel, triage.RemoveLabel:
		return false
	}
	delete(j.memory.BotChanges, a.Key())
	if j.memory.Undone == nil {
		j.memory.Undone = map[string]triage.Undoing{}
	}
	j.memory.Undone[a.Key()] = triage.Undoing{By: "GitLab", What: a.String()}
	return true
}
