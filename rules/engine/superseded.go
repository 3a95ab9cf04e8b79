package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// superseded reports whether a person set such a state after the comment was written. Deliveries tell of comments in whole seconds.
func (o *obeying) superseded(a triage.Action, c Comment) bool {
	if a.Done(o.Issue) {
		return false
	}
	after := c.Event.At.Add(time.Second)
	var past []triage.Past
	if c.Late {
		past, after = slices.Clone(o.facts.Past), c.Event.At // GitLab itself tells the exact time
	}
	for _, e := range o.events {
		if w := e.Changes.Weight; w != nil {
			past = append(past, triage.Past{At: e.At, Weight: w.To})
		}
		for _, l := range e.Changes.Added {
			past = append(past, triage.Past{At: e.At, Label: l, Added: true})
		}
	}
	return touched(past, a, after)
}

// moved reports whether the bot set such a state after the comment was written: the command has run then, though nobody remembers.
func (o *obeying) moved(a triage.Action, at time.Time) bool { return touched(o.facts.Moved, a, at) }

// touched reports whether a record holds a change of the state at this time or later.
func touched(past []triage.Past, a triage.Action, at time.Time) bool {
	for _, p := range past {
		if p.At.Before(at) {
			continue
		}
		switch a := a.(type) {
		case triage.AddLabel:
			scope := triage.Scope(a.Label)
			if p.Added && (p.Label == a.Label || scope != "" && triage.Scope(p.Label) == scope) {
				return true
			}
		case triage.SetWeight:
			_, side := triage.WeightOf(p.Label, a.Side)
			if a.Side == "" && p.Label == "" || a.Side != "" && side {
				return true
			}
		}
	}
	return false
}
