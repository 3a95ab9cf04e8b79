package spool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
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
	e := envelope{Delivery: d, arrived: s.o.Now()}
	direct := s.direct.Load()
	if !direct {
		if !s.mayTry(ctx, d.Issue) {
			return s.viaSpool(ctx, e)
		}
		d = e.at(s.o.Now())
	}
	outcome, err := s.try(ctx, d)
	switch {
	case errors.Is(err, inbox.ErrUnavailable):
		if ctx.Err() == nil { // else it is the caller who did not wait
			s.unanswered(err)
		}
		return s.viaSpool(ctx, e)
	case err == nil && !direct:
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

// mayTry reports whether a delivery of the issue may go directly. While the issue's last deliveries are being drained it waits for the end
// of that, for a while: each one that joined them would make it longer.
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
	}
	may, _ = s.mayTryNow(issue)
	return may
}

// mayTryNow also returns what to wait for, if that is worth while.
func (s *Spool) mayTryNow(issue triage.Ref) (may bool, ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.backlog.queues[issue]
	switch {
	case s.closed:
		return false, nil
	case q != nil && q.place == draining && !s.circuit.open:
		return false, q.ended
	case q != nil:
		return false, nil
	case !s.circuit.open:
		return true, nil
	}
	// If nothing is in the file, because it cannot be written, the drain has nothing to try the inbox with.
	now := s.o.Now()
	if len(s.backlog.queues) > 0 || now.Before(s.circuit.next) {
		return false, nil
	}
	s.circuit.next = now.Add(s.o.Timeout + s.o.Probe)
	return true, nil
}

// viaSpool puts a delivery into the file.
func (s *Spool) viaSpool(ctx context.Context, e envelope) (inbox.Outcome, error) {
	doing := "accepting a delivery of " + e.Issue.String()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	raw, err := e.encode()
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	q, err := s.reserve(e.Issue, len(raw))
	if err != nil {
		if known, _ := s.store.Knows(ctx, e.IdempotencyKey); known {
			return inbox.Duplicate, nil
		}
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	type answer struct {
		outcome inbox.Outcome
		err     error
	}
	answered := make(chan answer, 1)
	go func() { // to its end, whether or not the caller waits for that
		defer s.runs.Done()
		outcome, err := s.store.Enqueue(context.WithoutCancel(ctx), inbox.Delivery{ID: e.ID, Issue: e.Issue, IdempotencyKey: e.IdempotencyKey, Body: raw})
		s.settle(q, len(raw), outcome == inbox.Stored)
		answered <- answer{outcome, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil {
			return "", s.unwritable(a.err)
		}
		return a.outcome, nil
	case <-ctx.Done():
		return "", fmt.Errorf("%s: waiting for the spool's disk: %w", doing, ctx.Err())
	}
}

// reserve makes room for a delivery in the file and its issue's queue.
func (s *Spool) reserve(issue triage.Ref, size int) (*issueQueue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.backlog
	switch {
	case s.closed:
		return nil, fmt.Errorf("%w: the spool was closed", inbox.ErrUnavailable)
	case b.held >= s.o.Max || b.bytes+int64(size) > s.o.MaxBytes:
		b.full = true
		return nil, fmt.Errorf("%w: %w: it holds %d deliveries of at most %d, and %d bytes of at most %d; it empties as soon as the inbox answers",
			inbox.ErrUnavailable, ErrFull, b.held, s.o.Max, b.bytes, s.o.MaxBytes)
	}
	s.runs.Add(1)
	q := b.reserve(issue, size)
	s.setDirect()
	return q, nil
}

// settle says what became of a reserved delivery.
func (s *Spool) settle(q *issueQueue, size int, stored bool) {
	s.mu.Lock()
	s.backlog.settle(q, size, stored)
	s.setDirect()
	s.mu.Unlock()
	if stored {
		s.metrics.spooled.Inc()
		signal(s.wake)
	}
}

// unwritable says what to do about a file that cannot be written.
func (s *Spool) unwritable(err error) error {
	if errors.Is(err, sqlite.ErrDamaged) {
		return err // which says it
	}
	return fmt.Errorf("the spool in %s cannot be written; free disk space, or make the directory writable: %w", s.o.Dir, err)
}
