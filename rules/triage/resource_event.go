package triage

import "time"

// ResourceEvent is one entry of GitLab's resource label or weight events: the record of who changed what.
type ResourceEvent struct {
	At     time.Time // to the millisecond, by GitLab's clock
	Actor  Person    // the bot's own account for what it did
	Label  string    // as it was written; "" for weight events
	Added  bool      // for label events: put on the issue, not taken off
	Weight *int      // for weight events: the new one, nil for none
}

// Concerns reports whether the event changed what the action is about: the label or another of its scope, or the weight where the action sets it.
// There are no such events for the state and the milestone.
func (p ResourceEvent) Concerns(a Action) bool {
	switch a := a.(type) {
	case AddLabel:
		return p.isAboutScopeOf(a.Label) || a.Among.Has(p.Label)
	case RemoveLabel:
		return p.isAboutScopeOf(a.Label) || a.Among.Has(p.Label)
	case SetWeight:
		if a.Side != "" {
			return p.isAboutScopeOf(a.label())
		}
		return p.Label == ""
	}
	return false
}

// isAboutScopeOf reports whether the entry is about the label or another of its scope.
func (p ResourceEvent) isAboutScopeOf(label string) bool {
	scope := Scope(label)
	return p.Label == label || scope != "" && Scope(p.Label) == scope
}
