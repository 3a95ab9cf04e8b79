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
	// maxNap bounds a sleep, so that nobody sleeps on when the reason is gone: a store that was emptied, a clock that was set right.
	maxNap = 10 * time.Second
	// maxJitter bounds what is added to a wait, up to a half. Without that the process that is next to the store would always be the
	// first of those that wait for the same token. What is lost by being late is in the bucket when one comes.
	maxJitter = 250 * time.Millisecond
)

// lane is one budget with those who wait for it.
type lane struct {
	name  string // of the bucket in the store
	what  string // is spent, for people
	fleet *fleet
	now   func() time.Time
	log   *zap.Logger
	asked size // as configured

	// turns hold the one of each class that is being served. Go lets in those who wait for a channel in the order of their arrival.
	turns [classes]chan struct{}

	mu     sync.Mutex
	size   size               // as configured, or less if GitLab allows less
	own    bucket             // of this process. It is never below that of the fleet, as far as is known
	closed [classes]time.Time // GitLab lets nobody of the class in until then
	news   *news              // what the fleet was not told yet
}

// news is how many calls GitLab said are left until reset.
type news struct {
	left  int
	reset time.Time
}

func newLane(name, what string, perMinute int, fleet *fleet, now func() time.Time, log *zap.Logger) *lane {
	l := &lane{name: name, what: what, fleet: fleet, now: now, log: log, asked: sized(perMinute), size: sized(perMinute)}
	l.own = bucket{level: float64(l.size.burst), at: now()}
	for c := range l.turns {
		l.turns[c] = make(chan struct{}, 1)
	}
	return l
}

// wait returns when one of the class may pass.
func (l *lane) wait(ctx context.Context, c class) error {
	if err := l.enter(ctx, c); err != nil {
		return err
	}
	defer l.leave(c)
	return l.pass(ctx, c)
}

// enter waits in line to be the one of the class that is served, until leave.
func (l *lane) enter(ctx context.Context, c class) error {
	select {
	case l.turns[c] <- struct{}{}:
		return nil
	case <-ctx.Done():
		return l.ended(ctx)
	}
}

func (l *lane) leave(c class) { <-l.turns[c] }

// pass waits until there is room.
func (l *lane) pass(ctx context.Context, c class) error {
	for ctx.Err() == nil {
		again := l.try(ctx, c)
		if again == 0 {
			break
		}
		sleep.For(ctx, min(again, maxNap)+rand.N(min(again/2, maxJitter)+1))
	}
	return l.ended(ctx)
}

// ended is the error of a wait that ctx ended, nil if it has not.
func (l *lane) ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("waiting for the budget of %s: %w", l.what, ctx.Err())
}

// try lets one pass and returns 0, or says when to try again. What was taken when ctx ended meanwhile is lost: a call less.
func (l *lane) try(ctx context.Context, c class) time.Duration {
	l.tell(ctx)
	s, again := l.takeOwn(c)
	if again > 0 {
		return again
	}
	if again = l.fleet.take(ctx, l.name, s, c); again > 0 {
		l.refused(s, c, again)
	}
	return again
}

// tell tells the fleet what GitLab said, if it does not know yet and it still holds.
func (l *lane) tell(ctx context.Context) {
	l.mu.Lock()
	n := l.news
	l.news = nil
	l.mu.Unlock()
	if n != nil && n.reset.After(l.now()) {
		l.fleet.lower(ctx, l.name, n.left)
	}
}

// takeOwn takes from the bucket of the process and returns the size in force, or how long to wait.
func (l *lane) takeOwn(c class) (s size, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if again := l.closed[c].Sub(now); again > 0 {
		return l.size, again
	}
	return l.size, l.own.take(l.size, l.size.kept(c), now)
}

// refused gives back what was taken of the own bucket. How long the fleet has to wait tells how full its bucket is; the own is no fuller.
func (l *lane) refused(s size, c class, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	level := float64(s.kept(c)+1) - again.Seconds()*s.rate()
	l.own.fill(l.size, l.now())
	l.own.level = min(l.own.level+1, max(level, 0))
}

// allow keeps the lane within GitLab's limit, in calls a minute, if that is lower than what was asked for.
func (l *lane) allow(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.asked
	if fits := within(limit); fits.perMinute < s.perMinute {
		s = fits
	}
	if s == l.size {
		return
	}
	l.own.fill(l.size, l.now())
	l.size = s
	l.log.Info("the budget of GitLab calls follows GitLab's limit", zap.Int("limit", limit), zap.Int("per_minute", s.perMinute))
}

// remaining notes how many calls GitLab has left until reset. The bucket fills up again meanwhile and GitLab's does not: ordinary work
// therefore waits for the reset when only the reserve is left, and all work when nothing is.
func (l *lane) remaining(left int, reset time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.own.fill(l.size, now)
	if !reset.After(now) || float64(left) >= l.own.level && left > l.size.reserve {
		return
	}
	l.own.level = min(l.own.level, float64(left))
	l.news = &news{left: left, reset: reset}
	if left <= l.size.reserve {
		l.shut(ordinary, reset, now)
	}
	if left == 0 {
		l.shut(urgent, reset, now)
	}
}

// hold lets nobody pass until then and empties the bucket.
func (l *lane) hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !until.After(now) {
		return
	}
	if !l.closed[urgent].After(now) {
		l.log.Warn("GitLab refuses more calls for now", zap.String("budget", l.what), zap.Duration("for", until.Sub(now)))
	}
	l.own.fill(l.size, now)
	l.own.level = min(l.own.level, 0)
	l.news = &news{reset: until}
	for c := range classes {
		l.shut(c, until, now)
	}
}

// shut keeps the class out until then, but not for longer than maxHold: a wrong clock must not keep the bot away.
func (l *lane) shut(c class, until, now time.Time) {
	if latest := now.Add(maxHold); until.After(latest) {
		until = latest
	}
	if until.After(l.closed[c]) {
		l.closed[c] = until
	}
}

// left is what this process could spend at once.
func (l *lane) left() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.closed[urgent].After(now) {
		return 0
	}
	l.own.fill(l.size, now)
	return l.own.level
}
