package sqlite

import (
	"context"
	"time"

	"flowkeeper/bot/inbox"
)

func (s *Store) CheckLease(ctx context.Context, b *inbox.Batch) error {
	var token int64
	_, err := s.get(ctx, "looking after the lease on "+b.Issue.String(), `SELECT token FROM mailboxes WHERE project = ? AND kind = ? AND iid = ?`,
		[]any{b.Issue.Project, b.Issue.Kind, b.Issue.IID}, &token)
	if err == nil && (b.FencingToken == 0 || token != b.FencingToken) {
		return inbox.ErrLeaseLost
	}
	return err
}

func (s *Store) Extend(ctx context.Context, b *inbox.Batch) error {
	var until int64
	err := s.write(ctx, "extending the lease on "+b.Issue.String(), func(t *tx) error {
		if _, err := t.held(b); err != nil {
			return err
		}
		until = t.now + s.lease.Microseconds()
		_, err := t.exec(`UPDATE mailboxes SET lease_until = ? WHERE project = ? AND kind = ? AND iid = ?`, until, b.Issue.Project, b.Issue.Kind, b.Issue.IID)
		return err
	})
	if err != nil {
		return err
	}
	b.LeaseUntil = time.UnixMicro(until)
	return nil
}

func (s *Store) SaveMemory(ctx context.Context, b *inbox.Batch, memory []byte) error {
	return s.write(ctx, "remembering "+b.Issue.String(), func(t *tx) error {
		if _, err := t.held(b); err != nil {
			return err
		}
		return t.keepMemory(b.Issue, memory)
	})
}

func (s *Store) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	return s.finish(ctx, "closing the batch of "+b.Issue.String(), b, func(t *tx, m *mailboxState) error {
		// One by one: a revival under the lease may have put others between them.
		if err := t.takeOut(m, b.Issue, b.Deliveries, removed); err != nil {
			return err
		}
		if err := t.keepMemory(b.Issue, r.Memory); err != nil {
			return err
		}
		if err := t.keepRecord(b.Issue, r.Record); err != nil {
			return err
		}
		if !m.revived {
			m.wake = 0
			if !r.WakeAt.IsZero() {
				m.wake = max(1, r.WakeAt.UnixMicro())
			}
		}
		m.rest(t.now)
		return nil
	})
}

func (s *Store) Retry(ctx context.Context, b *inbox.Batch, delay time.Duration, cause string) error {
	return s.finish(ctx, "delaying the batch of "+b.Issue.String(), b, func(t *tx, m *mailboxState) error {
		m.due, m.delayed, m.cause = t.now+max(0, delay).Microseconds(), true, cause
		return nil
	})
}

func (s *Store) Requeue(ctx context.Context, b *inbox.Batch) error {
	return s.finish(ctx, "giving back the batch of "+b.Issue.String(), b, func(_ *tx, m *mailboxState) error {
		// What made it claimable still does: its due time or its wake-up has passed.
		m.attempt = max(0, m.attempt-1)
		return nil
	})
}

func (s *Store) DeadLetter(ctx context.Context, b *inbox.Batch, cause string, record []byte) error {
	return s.finish(ctx, "burying the batch of "+b.Issue.String(), b, func(t *tx, m *mailboxState) error {
		if err := t.takeOut(m, b.Issue, b.Deliveries, buried); err != nil {
			return err
		}
		if err := t.keepLetter(b, cause, record); err != nil {
			return err
		}
		if b.Woken && !m.revived {
			m.wake = 0
		}
		m.rest(t.now)
		return nil
	})
}

// finish ends the lease on a batch: change sees the mailbox as it was and leaves it as it is to be without a lease.
func (s *Store) finish(ctx context.Context, doing string, b *inbox.Batch, change func(*tx, *mailboxState) error) error {
	err := s.write(ctx, doing, func(t *tx) error {
		old, err := t.held(b)
		if err != nil {
			return err
		}
		free := old
		if err := change(t, &free); err != nil {
			return err
		}
		free.free()
		return t.save(b.Issue, old, free)
	})
	if err == nil {
		s.notifier.Notify()
	}
	return err
}
