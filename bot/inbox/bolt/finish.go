package bolt

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// Holds implements inbox.Inbox.
func (s *Store) Holds(ctx context.Context, b *inbox.Batch) error {
	return s.read(ctx, "looking after the lease on "+b.Issue.String(), func(tx *bbolt.Tx) error {
		_, _, err := held(tx, b)
		return err
	})
}

// Extend implements inbox.Inbox.
func (s *Store) Extend(ctx context.Context, b *inbox.Batch) error {
	var until int64
	err := s.write(ctx, "extending the lease on "+b.Issue.String(), func(tx *bbolt.Tx) error {
		issue, old, err := held(tx, b)
		if err != nil {
			return err
		}
		kept := old
		kept.until = s.nowMicros() + s.lease.Microseconds()
		until = kept.until
		return s.save(tx, issue, old, kept)
	})
	if err != nil {
		return err
	}
	b.Until = time.UnixMicro(until)
	return nil
}

// Remember implements inbox.Inbox.
func (s *Store) Remember(ctx context.Context, b *inbox.Batch, memory []byte) error {
	return s.write(ctx, "remembering "+b.Issue.String(), func(tx *bbolt.Tx) error {
		issue, _, err := held(tx, b)
		if err != nil {
			return err
		}
		return keepMemory(tx, issue, memory, s.nowMicros())
	})
}

// Done implements inbox.Inbox.
func (s *Store) Done(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	return s.finish(ctx, "closing the batch of "+b.Issue.String(), b, func(tx *bbolt.Tx, issue []byte, free *box) error {
		now := s.nowMicros()
		handled, err := takeMail(tx, issue, b.Deliveries)
		if err != nil {
			return err
		}
		for _, seq := range handled {
			if err := tx.Bucket(bucketMail).Delete(numbered(seq)); err != nil {
				return err
			}
		}
		if err := keepMemory(tx, issue, r.Memory, now); err != nil {
			return err
		}
		if err := s.keepRecord(tx, issue, r.Record, now); err != nil {
			return err
		}
		if !free.revived {
			free.wake = 0
			if !r.WakeAt.IsZero() {
				free.wake = max(1, micros(r.WakeAt))
			}
		}
		free.waiting -= int64(len(handled))
		free.rest(now)
		return nil
	})
}

// Retry implements inbox.Inbox.
func (s *Store) Retry(ctx context.Context, b *inbox.Batch, delay time.Duration, cause string) error {
	return s.finish(ctx, "delaying the batch of "+b.Issue.String(), b, func(_ *bbolt.Tx, _ []byte, free *box) error {
		free.due = s.nowMicros() + max(0, delay).Microseconds()
		free.delayed = true
		free.cause = cause
		return nil
	})
}

// Release implements inbox.Inbox.
func (s *Store) Release(ctx context.Context, b *inbox.Batch) error {
	return s.finish(ctx, "giving back the batch of "+b.Issue.String(), b, func(_ *bbolt.Tx, _ []byte, free *box) error {
		// What made it claimable still does: its due time or its wake-up has passed.
		free.attempt = max(0, free.attempt-1)
		return nil
	})
}

// Bury implements inbox.Inbox.
func (s *Store) Bury(ctx context.Context, b *inbox.Batch, cause string, record []byte) error {
	return s.finish(ctx, "burying the batch of "+b.Issue.String(), b, func(tx *bbolt.Tx, issue []byte, free *box) error {
		now := s.nowMicros()
		l := letter{Buried: now, Cause: cause, Attempts: b.Attempt, Record: record, Woken: b.Woken}
		given, err := takeMail(tx, issue, b.Deliveries)
		if err != nil {
			return err
		}
		if err := l.post(tx, issue, given); err != nil {
			return err
		}
		if b.Woken && !free.revived {
			free.wake = 0
		}
		free.waiting -= int64(len(given))
		free.rest(now)
		return nil
	})
}

// finish ends the lease on a batch: change sees the box as it was and leaves it as it is to be without a lease.
func (s *Store) finish(ctx context.Context, doing string, b *inbox.Batch,
	change func(tx *bbolt.Tx, issue []byte, free *box) error,
) error {
	err := s.write(ctx, doing, func(tx *bbolt.Tx) error {
		issue, old, err := held(tx, b)
		if err != nil {
			return err
		}
		free := old
		if err := change(tx, issue, &free); err != nil {
			return err
		}
		free.free()
		return s.save(tx, issue, old, free)
	})
	if err == nil {
		s.bell.Ring()
	}
	return err
}

// takeMail takes exactly these deliveries out of the mailbox and returns the numbers of those that were in it: a Revive under the
// lease may have put others between them.
func takeMail(tx *bbolt.Tx, issue []byte, deliveries []inbox.Stamped) ([]int64, error) {
	order := tx.Bucket(bucketOrder)
	var taken []int64
	for _, d := range deliveries {
		key := placed(issue, d.Seq)
		if k, _ := order.Cursor().Seek(key); !bytes.Equal(k, key) {
			continue
		}
		if err := order.Delete(key); err != nil {
			return nil, err
		}
		taken = append(taken, d.Seq)
	}
	return taken, nil
}
