// Package lease keeps a lease while work is done under it. It knows neither what is leased nor where that is written down.
package lease

import (
	"context"
	"errors"
	"time"
)

// Keep does the work and renews the lease each time a third of its duration has passed. If renew returns lost, or an error that wraps it,
// somebody else has the lease. Any other error leaves a third of the duration for one more try; when that fails, too, the lease counts as
// lost, since nobody knows. A lost lease ends the context of the work, and Keep returns lost whatever the work returned. Work and renewal
// have both ended when Keep returns.
func Keep(ctx context.Context, duration time.Duration, lost error, renew, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if !keep(ctx, duration, lost, renew) {
			cancel(lost) // which means nothing to a context that has ended
		}
	}()
	err := work(ctx)
	cause := context.Cause(ctx)
	cancel(nil)
	<-ended
	if errors.Is(cause, lost) {
		return lost
	}
	return err
}

// keep renews the lease until ctx ends; false says that it was lost before.
func keep(ctx context.Context, duration time.Duration, lost error, renew func(context.Context) error) bool {
	tick := time.NewTicker(duration / 3)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return true
		case <-tick.C:
		}
		err := renew(ctx)
		switch {
		case err == nil:
			misses = 0
		case errors.Is(err, lost) || misses > 0:
			return false
		default:
			misses++
		}
	}
}
