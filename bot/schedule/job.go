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

// job is something that all processes together do once in a while.
type job struct {
	name      string // of its turn, and of the mark that says when it was last done
	every     time.Duration
	run       func(context.Context) error // an error: it was broken off and is to be tried again soon
	elsewhere func()                      // another process did it

	known    time.Time // when the last round that this process knows of began; one that began later, anywhere, is the next one
	failures int       // in a row
}

const (
	turn      = time.Minute      // how long a process that died keeps its turn
	startWait = 2 * time.Second  // at most, before the first try: processes that are started together need not do the same twice
	firstWait = 30 * time.Second // before what failed is tried again; it doubles from there up to job.every
	letGo     = 5 * time.Second  // for giving the turn back at the end of the process
)

// errTurnLost says that a process could not prolong its turn, so that another may have begun.
var errTurnLost = errors.New("the turn was lost to another process")

// repeat does the job now, whoever did it before: this process may be back after a while in which deliveries failed. Then it sees to it
// that somebody does it whenever it is due.
func (s *Scheduler) repeat(ctx context.Context, j *job) {
	j.known = s.o.Now().Add(-1)
	wait := s.spread(startWait)
	for sleep.For(ctx, wait) {
		wait = s.try(ctx, j)
	}
}

// try does the job if it is due and nobody else is at it, and says how long to wait for the next try.
func (s *Scheduler) try(ctx context.Context, j *job) time.Duration {
	restored, err := s.known.agree(ctx)
	if err != nil {
		return s.soon(ctx, j, err)
	}
	if restored.After(j.known) {
		j.known = restored
	}
	held, err := s.o.Inbox.Turn(ctx, j.name, s.o.Holder, turn)
	switch {
	case err != nil:
		return s.soon(ctx, j, err)
	case !held:
		return turn/2 + s.spread(turn/2) // the other one may never come to an end
	}
	defer s.yield(ctx, j.name)
	last, err := s.last(ctx, j)
	switch {
	case err != nil:
		return s.soon(ctx, j, err)
	case last.After(j.known):
		j.elsewhere()
		return s.later(j, last)
	}
	began := s.o.Now()
	if err := s.underTurn(ctx, j); err != nil {
		return s.soon(ctx, j, err)
	}
	if err := s.o.Inbox.SetMark(ctx, j.name, formatTime(began)); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("noting that a job is done; another process may do it again", zap.String("job", j.name), zap.Error(err))
	}
	return s.later(j, began)
}

// underTurn runs the job and prolongs the turn meanwhile. If the turn is lost the job's context ends.
func (s *Scheduler) underTurn(ctx context.Context, j *job) error {
	return lease.Keep(ctx, turn, errTurnLost, func(ctx context.Context) error {
		held, err := s.o.Inbox.Turn(ctx, j.name, s.o.Holder, turn)
		if err == nil && !held {
			return errTurnLost
		}
		return err
	}, j.run)
}

// yield gives the turn back, also at the end of the process: the shortest lease there is.
func (s *Scheduler) yield(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGo)
	defer cancel()
	if _, err := s.o.Inbox.Turn(ctx, name, s.o.Holder, time.Millisecond); err != nil {
		s.o.Log.Debug("giving a turn back; it runs out by itself", zap.String("job", name), zap.Error(err))
	}
}

// last is when the job that was last brought to an end began; zero if that is not known. A time that lies far ahead comes from a wrong clock.
func (s *Scheduler) last(ctx context.Context, j *job) (time.Time, error) {
	value, err := s.o.Inbox.Mark(ctx, j.name)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the %s job was last done: %w", j.name, err)
	}
	at := parseTime(value)
	if at.After(s.o.Now().Add(j.every)) {
		return time.Time{}, nil
	}
	return at, nil
}

// later is the wait for the next round of a job that was done.
func (s *Scheduler) later(j *job, began time.Time) time.Duration {
	j.failures, j.known = 0, began
	return max(began.Add(j.every).Sub(s.o.Now()), 0) + s.spread(min(j.every/20, time.Minute))
}

// soon is the wait for another try of what was broken off.
func (s *Scheduler) soon(ctx context.Context, j *job, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	wait := min(firstWait<<min(j.failures, 10), j.every)
	wait = max(wait, gitlab.RetryDelay(err)) + s.spread(wait/4)
	j.failures++
	s.o.Log.Warn("a job was broken off and is tried again", zap.String("job", j.name), zap.Duration("again_in", wait), zap.Error(err))
	return wait
}

// spread is a part of the time, another one for each process.
func (s *Scheduler) spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.o.Jitter())
}

// formatTime writes a time for a mark.
func formatTime(t time.Time) []byte { return []byte(t.UTC().Format(time.RFC3339Nano)) }

// parseTime reads what formatTime wrote; anything else is the zero time.
func parseTime(value []byte) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(value))
	if err != nil {
		return time.Time{}
	}
	return t
}
