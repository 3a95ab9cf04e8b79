package budget

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/sleep"
)

// maxSleep bounds a sleep, so that nobody sleeps on when its reason is gone: a store that was emptied, a clock that was set right. Who sleeps for
// longer than coordination.KeepPlace loses its place.
const maxSleep = 10 * time.Second

// maxSkew is more than the store's time differs from one process to the next.
const maxSkew = 2 * time.Second

// limiter is one budget and the queue of those who wait for it.
type limiter struct {
	name  string // of the bucket in the store
	what  string // what the budget is of, for people
	fleet *fleet
	now   func() time.Time
	log   *zap.Logger
	asked size // as configured

	// queues hold the caller of each class that is being served. Go serves those who wait for a channel in the order of their arrival.
	queues [classes]chan struct{}

	mu           sync.Mutex
	size         size               // as configured, or less if GitLab allows less
	local        bucket             // of this process alone
	blockedUntil [classes]time.Time // GitLab refuses calls of the class until then
	untold       time.Time          // until then the fleet's bucket is to be made no fuller than the local one, which knows better
}

func newLimiter(name, what string, perMinute int, fleet *fleet, now func() time.Time, log *zap.Logger) *limiter {
	l := &limiter{name: name, what: what, fleet: fleet, now: now, log: log, asked: sizeFor(perMinute), size: sizeFor(perMinute)}
	l.local = bucket{level: float64(l.size.burst), at: now()}
	for c := range l.queues {
		l.queues[c] = make(chan struct{}, 1)
	}
	return l
}

// wait returns when a caller of the class may make one call.
func (l *limiter) wait(ctx context.Context, c class) error {
	if err := l.enterQueue(ctx, c); err != nil {
		return err
	}
	defer l.leaveQueue(c)
	return l.waitForToken(ctx, c)
}

// enterQueue waits until the caller is the one of its class that is served; leaveQueue ends that.
func (l *limiter) enterQueue(ctx context.Context, c class) error {
	select {
	case l.queues[c] <- struct{}{}:
		return nil
	case <-ctx.Done():
		return l.waitError(ctx)
	}
}

func (l *limiter) leaveQueue(c class) { <-l.queues[c] }

// waitForToken waits until a token could be taken. One that was taken while ctx ended is lost: one call less.
func (l *limiter) waitForToken(ctx context.Context, c class) error {
	for taken := false; ctx.Err() == nil && !taken; {
		var wait time.Duration
		wait, taken = l.takeToken(ctx, c)
		if wait > 0 {
			sleep.For(ctx, min(wait, maxSleep))
		}
	}
	return l.waitError(ctx)
}

// waitError is the error of a wait that ctx has ended, else nil.
func (l *limiter) waitError(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("waiting for the budget of %s: %w", l.what, ctx.Err())
}

// takeToken takes a token, and returns how long to wait before it is used, or takes none and returns when to try again.
func (l *limiter) takeToken(ctx context.Context, c class) (wait time.Duration, taken bool) {
	l.reportToFleet(ctx)
	s, blocked := l.state(c)
	if blocked > 0 {
		return blocked, false
	}
	again, left := l.fleet.take(ctx, l.name, s, c)
	if ctx.Err() != nil {
		return 0, false // what the answer was is not known
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if again == 0 {
		wait = l.local.take(l.size, l.now())
	} else {
		l.local.fill(l.size, l.now())
		wait = again
	}
	l.compare(left)
	return wait, again == 0
}

// state is the size in force, and for how long calls of the class are blocked.
func (l *limiter) state(c class) (s size, blocked time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size, max(l.blockedUntil[c].Sub(l.now()), 0)
}

// compare makes the local bucket no fuller than the fleet's, which holds so many tokens. One that is fuller than the local one by more than a
// rounding, and what another process with a clock that is ahead may have let come, has forgotten what was taken, and is to be told.
func (l *limiter) compare(left float64) {
	if left <= l.local.level+1+l.size.rate()*maxSkew.Seconds() {
		l.local.level = min(l.local.level, left)
		return
	}
	l.tellFleet(l.now().Add(maxBlock))
}

// tellFleet has the fleet's bucket lowered by whoever waits next, until the time is over for which that holds.
func (l *limiter) tellFleet(until time.Time) {
	if until.After(l.untold) {
		l.untold = until
	}
}

// reportToFleet lowers the fleet's bucket to what this process knows to be left, if that has not been done.
func (l *limiter) reportToFleet(ctx context.Context) {
	l.mu.Lock()
	now := l.now()
	untold := l.untold.After(now)
	l.untold = time.Time{}
	l.local.fill(l.size, now)
	left := max(int(l.local.level), 0)
	l.mu.Unlock()
	if untold {
		l.fleet.lower(ctx, l.name, left)
	}
}

// applyLimit keeps the limiter within GitLab's limit, in calls a minute, if that is lower than what was asked for.
func (l *limiter) applyLimit(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.asked
	if fits := sizeWithin(limit); fits.perMinute < s.perMinute {
		s = fits
	}
	if s == l.size {
		return
	}
	l.local.fill(l.size, l.now())
	l.size = s
	l.log.Info("the budget of GitLab calls follows GitLab's limit", zap.Int("limit", limit), zap.Int("per_minute", s.perMinute))
}

// applyRemaining applies how many calls GitLab has left until reset. The bucket fills up again meanwhile, GitLab's does not: so ordinary work
// waits for the reset when only the reserve is left, and all work when nothing is.
func (l *limiter) applyRemaining(left int, reset time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.local.fill(l.size, now)
	if !reset.After(now) || float64(left) >= l.local.level && left > l.size.reserve {
		return
	}
	l.local.level = min(l.local.level, float64(left))
	l.tellFleet(reset)
	if left <= l.size.reserve {
		l.blockClass(ordinary, reset, now)
	}
	if left == 0 {
		l.blockClass(urgent, reset, now)
	}
}

// blockUntil blocks all classes until then and empties the bucket.
func (l *limiter) blockUntil(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !until.After(now) {
		return
	}
	if !l.blockedUntil[urgent].After(now) {
		l.log.Warn("GitLab refuses more calls for now", zap.String("budget", l.what), zap.Duration("for", until.Sub(now)))
	}
	l.local.fill(l.size, now)
	l.local.level = min(l.local.level, 0)
	l.tellFleet(until)
	for c := range classes {
		l.blockClass(c, until, now)
	}
}

// blockClass blocks the class until then, but for maxBlock at most: a wrong clock must not block the bot for longer.
func (l *limiter) blockClass(c class, until, now time.Time) {
	if latest := now.Add(maxBlock); until.After(latest) {
		until = latest
	}
	if until.After(l.blockedUntil[c]) {
		l.blockedUntil[c] = until
	}
}

// available is how many calls this process could make at once.
func (l *limiter) available() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.blockedUntil[urgent].After(now) {
		return 0
	}
	l.local.fill(l.size, now)
	return l.local.level
}
