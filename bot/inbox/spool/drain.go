package spool

import (
	"context"
	"errors"
	"maps"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/rules/triage"
)

const (
	// drains is how many issues are drained at the same time. The deliveries of one issue go one after the other.
	drains = 32
	// readTogether is how many deliveries are read from the file at once.
	readTogether = 64
)

// Run drains the spool whenever the inbox answers, until ctx ends or the spool is closed. It is to run all the time that deliveries are
// accepted, once. What was under way when it ended stays in the file and is a duplicate if it got through.
func (s *Spool) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if !s.begin(stop) {
		return
	}
	defer s.runs.Done()
	var hands errgroup.Group
	hands.SetLimit(drains + 1)
	hands.Go(func() error { s.removes(ctx); return nil })
	for q := s.await(ctx); q != nil; q = s.await(ctx) {
		hands.Go(func() error { s.endTurn(q, s.drain(ctx, q)); return nil })
	}
	_ = hands.Wait()    // none fails
	_ = s.removeMoved() // what stays is a duplicate next time
}

// begin reports whether the spool may be drained. Close stops it then.
func (s *Spool) begin(stop context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.stop = stop
	s.runs.Add(1)
	return true
}

// await returns the next queue, taken out; nil when ctx ends.
func (s *Spool) await(ctx context.Context) *issueQueue {
	for ctx.Err() == nil {
		q, next := s.take()
		if q != nil {
			return q
		}
		var due <-chan time.Time
		if !next.IsZero() {
			due = time.After(next.Sub(s.o.Now()))
		}
		select {
		case <-s.wake:
		case <-due:
		case <-ctx.Done():
		}
	}
	return nil
}

// take takes a queue out, or says when to look again unless something happens before: zero is not at all. While the circuit is open one
// queue at a time finds out whether the inbox answers.
func (s *Spool) take() (*issueQueue, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	switch {
	case !s.circuit.open:
		return s.backlog.take(now), s.backlog.next()
	case s.circuit.probing:
		return nil, time.Time{}
	case now.Before(s.circuit.next):
		return nil, s.circuit.next
	}
	q := s.backlog.probe(now)
	if q != nil {
		q.probe, s.circuit.probing = true, true
	}
	return q, time.Time{}
}

// drain gives the inbox the deliveries of a queue until none is left or one fails.
func (s *Spool) drain(ctx context.Context, q *issueQueue) error {
	last := s.lastMoved(q.issue)
	for {
		some, err := s.store.Oldest(ctx, q.issue, last, readTogether)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return s.unread(q, err)
		}
		for _, stored := range some {
			last = stored.Seq
			err := s.moveOn(ctx, q, stored)
			if ctx.Err() != nil {
				return nil // nobody waited for the answer
			}
			if err != nil {
				return err
			}
		}
		if len(some) < readTogether {
			return nil // what came meanwhile is for the next turn
		}
	}
}

// moveOn gives the inbox one delivery.
func (s *Spool) moveOn(ctx context.Context, q *issueQueue, stored inbox.Message) error {
	e, err := decode(q.issue, stored)
	if err != nil {
		return s.setAside(ctx, q, stored, err)
	}
	if _, err := s.try(ctx, e.at(s.o.Now())); err != nil {
		return err
	}
	s.moved(q, stored)
	return nil
}

// lastMoved is the number of the issue's last delivery that the inbox has and that may be in the file still. It is asked before the file is
// read: what is forgotten by then is out of the file, too.
func (s *Spool) lastMoved(issue triage.Ref) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backlog.moved[issue].last
}

// moved is called with each delivery that the inbox has.
func (s *Spool) moved(q *issueQueue, stored inbox.Message) {
	s.mu.Lock()
	s.backlog.move(q, stored.Seq, len(stored.Body))
	q.failed, q.logged = nil, false
	open := s.circuit.open
	s.mu.Unlock()
	s.metrics.drained.Inc()
	signal(s.remove)
	if open {
		s.answered()
	}
}

// setAside gives up a delivery that is not as it was written. It stays in the file, for people to look at.
func (s *Spool) setAside(ctx context.Context, q *issueQueue, stored inbox.Message, cause error) error {
	if err := s.store.SetAside(ctx, q.issue, stored.Seq, cause.Error()); err != nil {
		return notTheInbox(err)
	}
	s.o.Log.Error("a delivery in the spool cannot be read; it is kept in the file with the dead letters, and the sweep looks at its issue in GitLab",
		zap.Stringer("issue", q.issue), zap.Int64("number", stored.Seq), zap.Error(cause))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backlog.drop(q, 1)
	s.backlog.free(1, int64(len(stored.Body)))
	return nil
}

// notTheInbox is a failure of the spool's own file: no evidence against the inbox.
func notTheInbox(err error) error { return errors.New("the spool cannot be used: " + err.Error()) }

// unread ends the turn of a queue whose deliveries cannot be read. Those in a damaged file are given up, so that what comes goes directly.
func (s *Spool) unread(q *issueQueue, err error) error {
	if !errors.Is(err, sqlite.ErrDamaged) {
		return notTheInbox(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += q.waiting
	s.backlog.drop(q, q.waiting)
	return nil
}

// endTurn puts a queue back. Its failure is evidence against the inbox only if the queue has not failed before: one issue that the inbox
// does not take must not hold up the others.
func (s *Spool) endTurn(q *issueQueue, cause error) {
	s.mu.Lock()
	now := s.o.Now()
	if q.probe {
		s.circuit.probed(now, s.o.Probe)
		q.probe = false
	}
	opened, log := false, false
	if cause == nil {
		s.backlog.back(q)
	} else {
		away := errors.Is(cause, inbox.ErrUnavailable)
		if away && q.failed == nil {
			opened = s.circuit.fail(now, s.o.Probe)
		}
		if !s.circuit.open && !q.logged {
			q.logged, log = true, true
		}
		s.backlog.backOff(q, now.Add(s.o.Probe), cause)
	}
	empty := len(s.backlog.queues) == 0
	s.setDirect()
	s.mu.Unlock()

	signal(s.wake)
	if opened {
		s.logOpened(cause)
	}
	if log {
		s.o.Log.Error("the inbox does not take an issue's deliveries; they are tried again and again while others go on",
			zap.Stringer("issue", q.issue), zap.Error(cause))
	}
	if empty {
		s.o.Log.Info("the spool is empty")
	}
}

// removes takes what has moved on out of the file, until ctx ends. There it takes nothing but room.
func (s *Spool) removes(ctx context.Context) {
	for {
		var again <-chan time.Time
		if s.removeMoved() != nil {
			again = time.After(s.o.Probe)
		}
		select {
		case <-s.remove:
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// removeMoved removes until nothing is left or the file cannot be written, which its store logs.
func (s *Spool) removeMoved() error {
	for {
		s.mu.Lock()
		all := maps.Clone(s.backlog.moved)
		s.mu.Unlock()
		if len(all) == 0 {
			return nil
		}
		last := make(map[triage.Ref]int64, len(all))
		for issue, m := range all {
			last[issue] = m.last
		}
		if err := s.store.Remove(context.Background(), last); err != nil {
			return err
		}
		s.mu.Lock()
		for issue, m := range all {
			s.backlog.removed(issue, m)
		}
		s.mu.Unlock()
	}
}
