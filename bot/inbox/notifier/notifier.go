// Package notifier wakes a Claim that waits, without waking all of them. It exists so that the stores wait alike.
package notifier

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
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

// Wait reports whether there is reason to look again: there is a notification, or next has passed (a negative next never does). If not, the whole
// wait is over by its deadline, which is no error; or ctx ended, or the store was closed (inbox.ErrUnavailable).
func (n *Notifier) Wait(ctx context.Context, next time.Duration, over <-chan time.Time, closed <-chan struct{}) (look bool, err error) {
	var due <-chan time.Time
	if next >= 0 {
		timer := time.NewTimer(next)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-n.pending:
		return true, nil
	case <-due:
		return true, nil
	case <-over:
		return false, nil
	case <-closed:
		return false, fmt.Errorf("waiting for an issue to claim: %w: it was closed", inbox.ErrUnavailable)
	case <-ctx.Done():
		return false, fmt.Errorf("waiting for an issue to claim: %w", ctx.Err())
	}
}
