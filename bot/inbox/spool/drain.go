package spool

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
)

// drains is how many issues are handed over at the same time. The deliveries of one issue go one after the other.
const drains = 32

// Run hands over what is in the spool whenever the inbox answers, until ctx ends or the spool is closed. It is to run all the time that
// deliveries are accepted, once. What was under way when it ended stays in the file and is a duplicate if it got through.
func (s *Spool) Run(ctx context.Context) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.runs.Add(1)
	s.mu.Unlock()
	defer s.runs.Done()

	var hands sync.WaitGroup
	defer hands.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hands.Go(func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	})
	slots := make(chan struct{}, drains)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		l := s.await(ctx)
		if l == nil {
			return
		}
		hands.Go(func() {
			s.handOver(ctx, l)
			<-slots
		})
	}
}

// await returns the next lane, taken out; nil when ctx ends.
func (s *Spool) await(ctx context.Context) *lane {
	for ctx.Err() == nil {
		l, next := s.take()
		if l != nil {
			return l
		}
		s.pause(ctx, next)
	}
	return nil
}

// pause returns when there is reason to look for a lane again.
func (s *Spool) pause(ctx context.Context, next time.Time) {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(next.Sub(s.o.Now()))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-s.wake:
	case <-due:
	case <-ctx.Done():
	}
}

// take takes a lane out, or says when to look again unless something happens before: zero is not at all. While the circuit is open one
// lane at a time finds out whether the inbox answers.
func (s *Spool) take() (*lane, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	switch {
	case !s.circuit.open:
		return s.backlog.take(now), s.backlog.rested()
	case s.circuit.probing:
		return nil, time.Time{}
	case now.Before(s.circuit.next):
		return nil, s.circuit.next
	}
	l := s.backlog.probe(now)
	if l != nil {
		l.probe, s.circuit.probing = true, true
	}
	return l, time.Time{}
}

// handOver gives the inbox the deliveries of a lane until none is left or one fails.
func (s *Spool) handOver(ctx context.Context, l *lane) {
	for {
		e, ok := s.head(l)
		if !ok || ctx.Err() != nil {
			s.endTurn(l, nil)
			return
		}
		r, err := s.file.read(e.seq)
		if err != nil {
			s.lose(l, e, err)
			continue
		}
		if _, err := s.try(ctx, r.at(s.o.Now())); err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			s.endTurn(l, err)
			return
		}
		s.delivered(l, e)
	}
}

// head is the lane's oldest delivery in the file.
func (s *Spool) head(l *lane) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(l.entries) == 0 {
		return entry{}, false
	}
	return l.entries[0], true
}

// delivered is called with each delivery that the inbox has.
func (s *Spool) delivered(l *lane, e entry) {
	s.mu.Lock()
	s.backlog.drop(l)
	s.gone = append(s.gone, e)
	l.failed, l.told = nil, false
	open := s.circuit.open
	s.mu.Unlock()
	s.metrics.drained.Inc()
	signal(s.work)
	if open {
		s.answered()
	}
}

// lose gives up a delivery that cannot be read. It stays in the file for the next Open, and GitLab may send it again.
func (s *Spool) lose(l *lane, e entry, cause error) {
	s.mu.Lock()
	s.backlog.drop(l)
	s.lost++
	s.mu.Unlock()
	s.o.Log.Error("a delivery in the spool cannot be read and is left in the file",
		zap.Stringer("issue", l.issue), zap.Uint64("number", e.seq), zap.String("file", s.o.Path), zap.Error(cause))
}

// endTurn puts a lane back. Its failure is evidence against the inbox only if the lane has not failed before: one issue that the inbox
// does not take must not hold up the others.
func (s *Spool) endTurn(l *lane, cause error) {
	s.mu.Lock()
	now := s.o.Now()
	if l.probe {
		s.circuit.probed(now, s.o.Probe)
		l.probe = false
	}
	opened, tell := false, false
	if cause == nil {
		s.backlog.back(l)
	} else {
		away := errors.Is(cause, inbox.ErrUnavailable)
		if away && l.failed == nil {
			opened = s.circuit.fail(now, s.o.Probe)
		}
		if !s.circuit.open && !l.told {
			l.told, tell = true, true
		}
		s.backlog.rest(l, now.Add(s.o.Probe), cause)
	}
	empty := len(s.backlog.lanes) == 0
	s.setStraight()
	s.mu.Unlock()

	signal(s.wake)
	if opened {
		s.logOpened(cause)
	}
	if tell {
		s.o.Log.Error("the inbox does not take an issue's deliveries; they are tried again and again while others go on",
			zap.Stringer("issue", l.issue), zap.Error(cause))
	}
	if empty {
		s.o.Log.Info("the spool is empty")
	}
}
