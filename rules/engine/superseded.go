package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// superseded reports whether a person set such a state after the comment was written, or removed what the command would put back. Deliveries have
// the times of comments in whole seconds.
func (r *commandRun) superseded(a triage.Action, c Comment) bool {
	if a = r.policy.Team.Exclusive(a, r.issue); a.Done(r.issue) {
		return false
	}
	after := c.Event.At.Add(time.Second)
	var past []triage.ResourceEvent
	if c.Late {
		past, after = slices.Clone(r.facts.History), c.Event.At // GitLab itself tells the exact time
	}
	for _, e := range r.events {
		past = append(past, resourceEventsOf(e)...)
	}
	return slices.ContainsFunc(past, func(p triage.ResourceEvent) bool {
		return !p.At.Before(after) && p.Concerns(a) && (putsInPlace(p) || a.Done(triage.Issue{Labels: []string{p.Label}}))
	})
}

// alreadyMoved reports whether the bot set such a state after the comment was written. The command has then run, although the memory of it
// is lost.
func (r *commandRun) alreadyMoved(a triage.Action, at time.Time) bool {
	return slices.ContainsFunc(r.facts.BotMoves, func(p triage.ResourceEvent) bool { return !p.At.Before(at) && p.Concerns(a) && putsInPlace(p) })
}

// putsInPlace reports whether an entry sets something. A label that was only removed may have made room for another of its scope.
func putsInPlace(p triage.ResourceEvent) bool { return p.Added || p.Label == "" }

// resourceEventsOf are the resource events that GitLab will list for an event.
func resourceEventsOf(e triage.Event) []triage.ResourceEvent {
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
