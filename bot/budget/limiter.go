package budget

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/sleep"
)

const (
	// maxSleep bounds a sleep, so that nobody sleeps on when its reason is gone: a store that was emptied, a clock that was set right.
	maxSleep = 10 * time.Second
	// maxJitter bounds the jitter that is added to a wait, up to half of it. Without it, of the processes that wait for the same token the one
	// nearest to the store would always come first. Tokens that drip meanwhile are in the bucket.
	maxJitter = 250 * time.Millisecond
)

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
	local        bucket             // of this process alone; it never knowingly holds fewer tokens than the fleet's
	blockedUntil [classes]time.Time // GitLab refuses calls of the class until then
	reported     *reportedLimit     // what the fleet's bucket has yet to be told; nil for nothing
}

// reportedLimit is how many calls are left until reset, by GitLab's headers.
type reportedLimit struct {
	left  int
	reset time.Time
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

// waitForToken waits until a token could be taken.
func (l *limiter) waitForToken(ctx context.Context, c class) error {
	for ctx.Err() == nil {
		again := l.takeToken(ctx, c)
		if again == 0 {
			break
		}
		sleep.For(ctx, min(again, maxSleep)+rand.N(min(again/2, maxJitter)+1))
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

// takeToken takes one token and returns 0, or returns when to try again. A token that was taken while ctx ended is lost: one call less.
func (l *limiter) takeToken(ctx context.Context, c class) time.Duration {
	l.reportToFleet(ctx)
	s, again := l.takeLocal(c)
	if again > 0 {
		return again
	}
	if again = l.fleet.take(ctx, l.name, s, c); again > 0 {
		l.returnToken(s, c, again)
	}
	return again
}

// reportToFleet lowers the fleet's bucket to what GitLab reported, if that has not been done and the report still holds.
func (l *limiter) reportToFleet(ctx context.Context) {
	l.mu.Lock()
	n := l.reported
	l.reported = nil
	l.mu.Unlock()
	if n != nil && n.reset.After(l.now()) {
		l.fleet.lower(ctx, l.name, n.left)
	}
}

// takeLocal takes a token from this process's bucket and returns the size in force, or how long to wait.
func (l *limiter) takeLocal(c class) (s size, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if again := l.blockedUntil[c].Sub(now); again > 0 {
		return l.size, again
	}
	return l.size, l.local.take(l.size, l.size.reserveFor(c), now)
}

// returnToken puts back the token that was taken locally. The fleet's waiting time says how full its bucket is; the local one is made no fuller.
func (l *limiter) returnToken(s size, c class, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	level := float64(s.reserveFor(c)+1) - again.Seconds()*s.rate()
	l.local.fill(l.size, l.now())
	l.local.level = min(l.local.level+1, max(level, 0))
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
	l.reported = &reportedLimit{left: left, reset: reset}
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
	l.reported = &reportedLimit{reset: until}
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
