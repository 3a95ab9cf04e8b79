package triage

import "time"

// Transition names one closing or reopening of an issue.
type Transition struct {
	At     time.Time `json:"at"` // when the issue was closed; of a reopening, when it had been, or any time until the next closing
	Closed bool      `json:"x,omitempty"`
}

// Transition is the closing or reopening that the event reports; nil is none. GitLab reports each one twice: by itself and as part of an update.
func (e Event) Transition() *Transition {
	closed := e.Kind&Closed != 0
	if closed == (e.Kind&Reopened != 0) {
		return nil
	}
	t := Transition{At: e.Changes.ClosedAt, Closed: closed}
	if t.At.IsZero() {
		t.At = e.At
	}
	return &t
}

// After reports whether it came later than the other, which may be nil for none.
func (t *Transition) After(other *Transition) bool {
	if t == nil || other == nil {
		return t != nil
	}
	if t.At.Equal(other.At) {
		return other.Closed && !t.Closed // what was closed was reopened
	}
	return t.At.After(other.At)
}
