package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// superseded reports whether a person set such a state after the comment was written, or took off what the command would put back.
// Deliveries tell of comments in whole seconds.
func (o *obeying) superseded(a triage.Action, c Comment) bool {
	if a.Done(o.Issue) {
		return false
	}
	after := c.Event.At.Add(time.Second)
	var past []triage.ResourceEvent
	if c.Late {
		past, after = slices.Clone(o.facts.Past), c.Event.At // GitLab itself tells the exact time
	}
	for _, e := range o.events {
		past = append(past, pastOf(e)...)
	}
	return slices.ContainsFunc(past, func(p triage.ResourceEvent) bool {
		return !p.At.Before(after) && p.Concerns(a) && (sets(p) || a.Done(triage.Issue{Labels: []string{p.Label}}))
	})
}

// moved reports whether the bot set such a state after the comment was written: the command has run then, though nobody remembers.
func (o *obeying) moved(a triage.Action, at time.Time) bool {
	return slices.ContainsFunc(o.facts.Moved, func(p triage.ResourceEvent) bool { return !p.At.Before(at) && p.Concerns(a) && sets(p) })
}

// sets reports whether an entry is more than a label taken off, which may only have made room.
func sets(p triage.ResourceEvent) bool { return p.Added || p.Label == "" }

// pastOf is what GitLab's record will hold of an event.
func pastOf(e triage.Event) []triage.ResourceEvent {
	var past []triage.ResourceEvent
	if w := e.Changes.Weight; w != nil {
		past = append(past, triage.ResourceEvent{At: e.At, Actor: e.Actor, Weight: w.To})
	}
	for _, l := range e.Changes.Added {
		past = append(past, triage.ResourceEvent{At: e.At, Actor: e.Actor, Label: l, Added: true})
	}
	for _, l := range e.Changes.Removed {
		past = append(past, triage.ResourceEvent{At: e.At, Actor: e.Actor, Label: l})
	}
	return past
}
