package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"flowkeeper/rules/triage"
)

// applyRound adds the actions of a round to the plan. Actions that exclude each other are a contradiction. One that undoes an earlier round's
// action may be the next step of a chain; if the earlier rule insists, the rounds run out.
func (r *run) applyRound(wants []Planned) error {
	before := r.in.Issue
	after := before
	for _, w := range wants {
		after = w.Action.Apply(after)
		if !slices.Contains(r.plan, w) {
			r.plan = append(r.plan, w)
		}
		r.recordBotChange(w, before)
	}
	for _, w := range wants {
		if !w.Action.Done(after) {
			return contradictionError(w, wants, before)
		}
	}
	if !slices.Equal(before.Labels, after.Labels) {
		r.in.Kinds |= triage.LabelsChanged
	}
	if !triage.SameWeight(before.Weight, after.Weight) {
		r.in.Kinds |= triage.WeightChanged
	}
	if x := r.policy.Index.policies; x != nil {
		x.markChange(r.todo, &before, &after)
	}
	after.UpdatedAt = r.in.Now
	for _, w := range wants {
		if l := triage.LabelOf(w.Action); r.in.Team.IsState(l) {
			r.in.Planned = l
		}
	}
	r.in = r.in.With(after)
	if r.outside == "" {
		enterState(&r.in)
	}
	return nil
}

// contradictionError names the wish that undoes w.
func contradictionError(w Planned, plan []Planned, before triage.Issue) error {
	for _, other := range plan {
		if other.Action != w.Action && !w.Action.Done(other.Action.Apply(w.Action.Apply(before))) {
			return fmt.Errorf("%w: %s wants to %s, %s wants to %s", ErrContradiction, w.Rule, w.Action, other.Rule, other.Action)
		}
	}
	return fmt.Errorf("%w: %s wants to %s again and again", ErrContradiction, w.Rule, w.Action)
}

// recordBotChange remembers what a planned action makes the bot's own doing.
func (r *run) recordBotChange(p Planned, before triage.Issue) {
	key := p.Action.Key()
	own := triage.BotChange{Rule: p.Rule}
	switch a := p.Action.(type) {
	case triage.AddLabel:
		own.Replaced = a.Replaces(before)
		maps.DeleteFunc(r.memory.BotChanges, func(_ string, earlier triage.BotChange) bool {
			return earlier.Replaced == a.Label // the bot itself goes back to where it came from
		})
	case triage.Close, triage.SetMilestone:
	case triage.Move:
		return // nothing of it is left to be undone
	case triage.Reopen:
		own.Reopened = true
	case triage.Assign:
		own.Assigned = a.People
	case triage.Unassign:
		own.Unassigned = cmp.Or(a.People, everybody)
	case triage.SetDueDate:
		own.DueDate = a.Date
	case triage.MoveMilestone:
		own.MovedFrom = a.From
	case triage.SetWeight:
		own.Value = a.Value
	case triage.RemoveLabel:
		if _, ours := r.memory.BotChanges[key]; ours || a.Sibling || a.Spent {
			delete(r.memory.BotChanges, key)
			return
		}
		own.Removed = true
	}
	if r.follows(p.Rule) {
		// It is the doing of whoever did what is repeated.
		leader, ours := r.memory.BotChanges[triage.AddLabel{Label: r.in.StateLabel()}.Key()]
		if !ours {
			delete(r.memory.BotChanges, key)
			return
		}
		own.Rule = leader.Rule
	}
	setOwn(r.memory, key, own)
}

// follows reports whether a rule only repeats what somebody did.
func (r *run) follows(rule string) bool {
	n := r.policy.index(rule)
	return n >= 0 && r.policy.Settings[n].Follows
}
