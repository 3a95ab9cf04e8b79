package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/lease"
	"flowkeeper/bot/sleep"
)

// job is a periodic task that one process does for all of them.
type job struct {
	name          string // of its lock, and of the checkpoint that says when it was last done
	every         time.Duration
	run           func(context.Context) error // an error: the job was not finished and is tried again soon
	doneElsewhere func()                      // called when another process has done it

	lastKnown time.Time // when the last round known to this process began; a round of any process that began later counts as the next one
	failures  int       // in a row
}

const (
	lockLease      = time.Minute      // how long a process that died keeps its lock
	startWait      = 2 * time.Second  // at most, before the first try: processes that are started together need not do the same twice
	firstWait      = 30 * time.Second // before what failed is tried again; it doubles from there up to job.every
	releaseTimeout = 5 * time.Second  // for giving the lock back at the end of the process
)

// errLockLost says that a process could not prolong its lock, so another may have begun the job.
var errLockLost = errors.New("the lock was lost to another process")

// repeat does the job now, even if another process did it before: this process may have been away while deliveries failed. After that it
// does the job whenever it is due and no other process does.
func (s *Scheduler) repeat(ctx context.Context, j *job) {
	j.lastKnown = s.o.Now().Add(-1)
	wait := s.jitter(startWait)
	for sleep.For(ctx, wait) {
		wait = s.runIfDue(ctx, j)
	}
}

// runIfDue does the job if it is due and no other process is doing it, and returns how long to wait before the next try.
func (s *Scheduler) runIfDue(ctx context.Context, j *job) time.Duration {
	restored, err := s.cache.syncWithStore(ctx)
	if err != nil {
		return s.retryIn(ctx, j, err)
	}
	if restored.After(j.lastKnown) {
		j.lastKnown = restored
	}
	held, err := s.o.Coordination.TryLock(ctx, j.name, s.o.Holder, lockLease)
	switch {
	case err != nil:
		s.yield(ctx, j.name) // it may have been taken all the same
		return s.retryIn(ctx, j, err)
	case !held:
		return lockLease/2 + s.jitter(lockLease/2) // the other process may never finish
	}
	defer s.yield(ctx, j.name)
	last, err := s.lastDone(ctx, j)
	switch {
	case err != nil:
		return s.retryIn(ctx, j, err)
	case last.After(j.lastKnown):
		j.doneElsewhere()
		return s.nextIn(j, last)
	}
	began := s.o.Now()
	if err := s.underLock(ctx, j); err != nil {
		return s.retryIn(ctx, j, err)
	}
	if err := s.o.Coordination.SetCheckpoint(ctx, j.name, formatTime(began)); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("noting that a job is done; another process may do it again", zap.String("job", j.name), zap.Error(err))
	}
	return s.nextIn(j, began)
}

// underLock runs the job and prolongs the lock meanwhile. If the lock is lost the job's context ends.
func (s *Scheduler) underLock(ctx context.Context, j *job) error {
	return lease.Keep(ctx, lockLease, errLockLost, func(ctx context.Context) error {
		held, err := s.o.Coordination.TryLock(ctx, j.name, s.o.Holder, lockLease)
		if err == nil && !held {
			return errLockLost
		}
		return err
	}, j.run)
}

// yield gives the lock back, also when the process ends, by taking it for the shortest possible time.
func (s *Scheduler) yield(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if _, err := s.o.Coordination.TryLock(ctx, name, s.o.Holder, time.Millisecond); err != nil {
		s.o.Log.Debug("giving a lock back; it runs out by itself", zap.String("job", name), zap.Error(err))
	}
}

// lastDone is when the last finished round of the job began; zero if that is not known. A time far in the future comes from a wrong clock and
// does not count.
func (s *Scheduler) lastDone(ctx context.Context, j *job) (time.Time, error) {
	value, err := s.o.Coordination.Checkpoint(ctx, j.name)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the %s job was last done: %w", j.name, err)
	}
	at := parseTime(value)
	if at.After(s.o.Now().Add(j.every)) {
		return time.Time{}, nil
	}
	return at, nil
}

// nextIn is the wait before the next round of a finished job.
func (s *Scheduler) nextIn(j *job, began time.Time) time.Duration {
	j.failures, j.lastKnown = 0, began
	return max(began.Add(j.every).Sub(s.o.Now()), 0) + s.jitter(min(j.every/20, time.Minute))
}

// retryIn is the wait before the next try of a job that failed.
func (s *Scheduler) retryIn(ctx context.Context, j *job, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	wait := min(firstWait<<min(j.failures, 10), j.every)
	wait = max(wait, gitlab.RetryDelay(err)) + s.jitter(wait/4)
	j.failures++
	s.o.Log.Warn("a job was broken off and is tried again", zap.String("job", j.name), zap.Duration("again_in", wait), zap.Error(err))
	return wait
}

// jitter is a random part of the duration.
func (s *Scheduler) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.o.Jitter())
}

// formatTime writes a time for a checkpoint.
func formatTime(t time.Time) []byte { return []byte(t.UTC().Format(time.RFC3339Nano)) }

// parseTime reads what formatTime wrote; anything else is the zero time.
func parseTime(value []byte) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(value))
	if err != nil {
		return time.Time{}
	}
	return t
}
