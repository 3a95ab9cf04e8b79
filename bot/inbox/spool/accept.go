package spool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// Enqueue remembers a delivery durably, in the inbox or in the file, or finds that it is a duplicate, as inbox.Inbox promises. Twins are
// found when they get to the inbox. If neither can take the delivery, the error wraps inbox.ErrUnavailable and says why the file cannot.
// If ctx ends first, the delivery may be remembered all the same.
func (s *Spool) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("accepting a delivery: %w", err)
	}
	if d.IdempotencyKey == "" {
		d.IdempotencyKey = "spool " + rand.Text() // a call whose answer is lost must be repeatable
	}
	r := record{Delivery: d, arrived: s.o.Now()}
	straight := s.straight.Load()
	if !straight {
		if !s.mayTry(ctx, d.Issue) {
			return s.keep(ctx, r)
		}
		d = r.at(s.o.Now())
	}
	outcome, err := s.try(ctx, d)
	switch {
	case errors.Is(err, inbox.ErrUnavailable):
		if ctx.Err() == nil { // else it is the caller who did not wait
			s.unanswered(err)
		}
		return s.keep(ctx, r)
	case err == nil && !straight:
		s.answered()
	}
	return outcome, err
}

// try hands a delivery to the inbox. An inbox that does not answer in time is unavailable.
func (s *Spool) try(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	call, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	outcome, err := s.o.Inbox.Enqueue(call, d)
	if err != nil && call.Err() != nil && ctx.Err() == nil && !errors.Is(err, inbox.ErrUnavailable) {
		err = fmt.Errorf("%w: no answer within %s: %w", inbox.ErrUnavailable, s.o.Timeout, err)
	}
	return outcome, err
}

// mayTry reports whether a delivery of the issue may go straight. While the issue's last deliveries are being handed over it waits for
// the end of that, for a while: each one that joined them would make it longer.
func (s *Spool) mayTry(ctx context.Context, issue triage.Ref) bool {
	may, ended := s.mayTryNow(issue)
	if ended == nil {
		return may
	}
	timer := time.NewTimer(s.o.Timeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	case <-ctx.Done():
	case <-s.closing:
	}
	may, _ = s.mayTryNow(issue)
	return may
}

// mayTryNow also returns what to wait for, if that is worth while.
func (s *Spool) mayTryNow(issue triage.Ref) (may bool, ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.backlog.lanes[issue]
	switch {
	case s.closed:
		return false, nil
	case l != nil && l.place == out && !s.circuit.open:
		return false, l.ended
	case l != nil:
		return false, nil
	case !s.circuit.open:
		return true, nil
	}
	// If nothing is in the file, because it cannot be written, the drain has nothing to try the inbox with.
	now := s.o.Now()
	if len(s.backlog.lanes) > 0 || now.Before(s.circuit.next) {
		return false, nil
	}
	s.circuit.next = now.Add(s.o.Timeout + s.o.Probe)
	return true, nil
}

// keep puts a record into the file.
func (s *Spool) keep(ctx context.Context, r record) (inbox.Outcome, error) {
	doing := "accepting a delivery of " + r.Issue.String()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	w, outcome, err := s.enqueue(r)
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	signal(s.work)
	select {
	case <-w.done:
	case <-ctx.Done():
		return "", fmt.Errorf("%s: waiting for the spool's disk: %w", doing, ctx.Err())
	}
	if w.err != nil {
		return "", fmt.Errorf("%s: %w", doing, w.err)
	}
	return outcome, nil
}

// enqueue hands a record to the writer, or finds its duplicate on the way into the file or in it.
func (s *Spool) enqueue(r record) (*write, inbox.Outcome, error) {
	raw := r.encode()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, "", fmt.Errorf("%w: the spool was closed", inbox.ErrUnavailable)
	}
	if w := s.backlog.keys[r.IdempotencyKey]; w != nil {
		return w, inbox.Duplicate, nil
	}
	if s.backlog.held >= s.o.Max || s.backlog.bytes+int64(len(raw)) > s.o.MaxBytes {
		return nil, "", fmt.Errorf("%w: %w: it holds %d deliveries of at most %d, and %d bytes of at most %d; "+
			"it empties as soon as the inbox answers", inbox.ErrUnavailable, ErrFull, s.backlog.held, s.o.Max, s.backlog.bytes, s.o.MaxBytes)
	}
	w := s.backlog.reserve(r.Issue, r.IdempotencyKey, raw)
	s.queue = append(s.queue, w)
	s.setStraight()
	return w, inbox.Stored, nil
}
