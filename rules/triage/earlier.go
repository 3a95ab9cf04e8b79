package triage

import "time"

// Earlier is the earlier of two times at which something is to be looked at; zero is never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
