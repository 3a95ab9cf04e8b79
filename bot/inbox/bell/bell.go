// Package bell wakes a Claim that waits, without waking all of them. It exists so that the stores wait alike; it knows nothing of
// what they wait for.
package bell

import (
	"context"
	"time"
)

// Bell wakes one waiter per ring. Whoever stops waiting must ring it once more, so that the news of what comes next reaches another
// waiter: then one ring is enough for any number of issues and waiters.
type Bell struct{ rung chan struct{} }

// New returns a bell that has not been rung.
func New() *Bell { return &Bell{rung: make(chan struct{}, 1)} }

// Ring wakes one waiter, now or as soon as there is one. It never blocks.
func (b *Bell) Ring() {
	select {
	case b.rung <- struct{}{}:
	default: // somebody will look anyway
	}
}

// Reason says why a wait ended.
type Reason int

// The reasons.
const (
	Look   Reason = iota // rung, or the time to look has come
	Over                 // the whole wait is over, by its deadline
	Closed               // closed was closed
)

// Wait returns when there is reason to look again: the bell rings or next has passed (a negative next never does). It also ends when
// over delivers, closed is closed, or ctx ends, whose error it then returns.
func (b *Bell) Wait(ctx context.Context, next time.Duration, over <-chan time.Time, closed <-chan struct{}) (Reason, error) {
	var due <-chan time.Time
	if next >= 0 {
		timer := time.NewTimer(next)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-b.rung:
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
