// Package notifier wakes a Claim that waits, without waking all of them. It exists so that the stores wait alike; it knows nothing of
// what they wait for.
package notifier

import (
	"context"
	"time"
)

// Notifier wakes one waiter per notification. Whoever stops waiting must notify once more, so that the news of what comes next reaches another
// waiter: then one notification is enough for any number of issues and waiters.
type Notifier struct{ pending chan struct{} }

// New returns a notifier without a pending notification.
func New() *Notifier { return &Notifier{pending: make(chan struct{}, 1)} }

// Notify wakes one waiter, now or as soon as there is one. It never blocks.
func (n *Notifier) Notify() {
	select {
	case n.pending <- struct{}{}:
	default: // somebody will look anyway
	}
}

// Reason says why a wait ended.
type Reason int

// The reasons.
const (
	Look   Reason = iota // notified, or the time to look has come
	Over                 // the whole wait is over, by its deadline
	Closed               // closed was closed
)

// Wait returns when there is reason to look again: there is a notification or next has passed (a negative next never does). It also ends when
// over delivers, closed is closed, or ctx ends, whose error it then returns.
func (n *Notifier) Wait(ctx context.Context, next time.Duration, over <-chan time.Time, closed <-chan struct{}) (Reason, error) {
	var due <-chan time.Time
	if next >= 0 {
		timer := time.NewTimer(next)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-n.pending:
		return Look, nil
	case <-due:
		return Look, nil
	case <-over:
		return Over, nil
	case <-closed:
		return Closed, nil
	case <-ctx.Done():
		return Over, ctx.Err()
	}
}
