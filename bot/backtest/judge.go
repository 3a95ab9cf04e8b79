package backtest

import (
	"time"

	"flowkeeper/rules/triage"
)

// verdict is what people's own doing says of what the bot would have done.
type verdict int

const (
	untold    verdict = iota // people did neither
	agreed                   // they did the same
	disagreed                // they did the opposite; of several things that a rule wants at once, one is enough
)

const (
	sameWithin     = 24 * time.Hour     // people who do the same later did it for a reason of their own
	oppositeWithin = 7 * 24 * time.Hour // as long as a reminder may wait, too
)

// judge compares an act with what people really did. end is how far the history goes, workflow the scope of the states: an issue that goes on to
// another one was not taken out of the first.
func (h history) judge(a act, end time.Time, team *triage.Team) verdict {
	switch {
	case a.comment:
		return untold
	case a.action == nil:
		return judgeReminder(a, end)
	}
	for _, c := range h.changes {
		after := c.at.Sub(a.at)
		switch {
		case after < 0:
			continue
		case after <= sameWithin && c.does(a.action):
			return agreed
		case after <= oppositeWithin && c.undoes(a) && !h.goesOn(c, a, team):
			return disagreed
		}
	}
	if h.refusedBefore(a) {
		return disagreed
	}
	return untold
}

// judgeReminder: people agree who do within seven days what it asks for, and disagree who leave it. Closing the issue says neither.
func judgeReminder(a act, end time.Time) verdict {
	switch {
	case a.endedAt.IsZero() && end.Sub(a.at) < oppositeWithin:
		return untold
	case a.endedAt.IsZero() || a.endedAt.Sub(a.at) > oppositeWithin:
		return disagreed
	case a.closing:
		return untold
	}
	return agreed
}

// goesOn reports whether the change moves the issue on from the state into which the act had moved it, not back to the one before.
func (h history) goesOn(c change, a act, team *triage.Team) bool {
	moved, ok := a.action.(triage.AddLabel)
	if !ok || !isState(team, moved.Label) {
		return false
	}
	next := c.label
	if !c.added {
		// GitLab records a move as two changes at the same time.
		for _, other := range h.changes {
			if other.added && other.at.Sub(c.at).Abs() <= atOpening && isState(team, other.label) {
				next = other.label
			}
		}
	}
	return next != moved.Label && next != a.replaced
}

// isState reports whether a label stands for a state of the team's workflow.
func isState(team *triage.Team, label string) bool {
	_, ok := team.StateOf(label)
	return ok
}

// refusedBefore reports whether people had taken the label off before and never put it on again.
func (h history) refusedBefore(a act) bool {
	refused := false
	for _, c := range h.changes {
		if c.at.Before(a.at) {
			refused = refused && !c.does(a.action) || isTakenOff(c, a)
		}
	}
	return refused
}

// isTakenOff reports whether the change takes off the label that the act puts on, or puts on the one that it takes off.
func isTakenOff(c change, a act) bool {
	switch want := a.action.(type) {
	case triage.AddLabel:
		return c.label == want.Label && !c.added && triage.Scope(c.label) == "" && want.Among == nil
	case triage.RemoveLabel:
		return c.label == want.Label && c.added && triage.Scope(c.label) == "" && want.Among == nil
	}
	return false
}

// does reports whether the change does what the action wants.
func (c change) does(a triage.Action) bool {
	switch a := a.(type) {
	case triage.AddLabel:
		return c.added && c.label == a.Label
	case triage.RemoveLabel:
		return c.label == a.Label && !c.added
	case triage.SetWeight:
		if a.Side != "" {
			return c.added && c.label == triage.LabelOf(a)
		}
		return c.weighed && c.weight != nil && *c.weight == a.Value
	case triage.Close:
		return c.closed
	case triage.SetMilestone:
		return c.moved && c.milestone != 0
	case triage.MoveMilestone:
		return c.moved && c.milestone != 0 && c.milestone != a.From
	}
	return false
}

// undoes reports whether the change does the opposite: the label off, another of its scope, another weight.
func (c change) undoes(a act) bool {
	switch want := a.action.(type) {
	case triage.AddLabel:
		return c.label == want.Label && !c.added || c.added && want.Excludes(c.label)
	case triage.RemoveLabel:
		return c.label == want.Label && c.added
	case triage.SetWeight:
		if want.Side != "" {
			return c.added && c.label != triage.LabelOf(want) && triage.Scope(c.label) == triage.Scope(triage.LabelOf(want))
		}
		return c.weighed && (c.weight == nil || *c.weight != want.Value)
	case triage.Close:
		return c.reopened
	}
	return false
}
