package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/bell"
)

// Claim implements inbox.Inbox. It sleeps until the next issue is due or the bell rings.
func (s *Store) Claim(ctx context.Context, wait time.Duration) (*inbox.Batch, error) {
	defer s.bell.Ring() // whoever waits beside us looks at what we saw
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		next, err := s.nextDue(ctx)
		if err != nil {
			return nil, err
		}
		if next == 0 {
			batch, err := s.leaseDue(ctx)
			if batch != nil || err != nil {
				return batch, err
			}
			continue // another one was quicker
		}
		if wait <= 0 {
			return nil, nil
		}
		switch reason, err := s.bell.Wait(ctx, next, over.C, s.closing); {
		case err != nil:
			return nil, fmt.Errorf("waiting for an issue to claim: %w", err)
		case reason == bell.Over:
			return nil, nil
		case reason == bell.Closed:
			return nil, fmt.Errorf("waiting for an issue to claim: %w: it was closed", inbox.ErrUnavailable)
		}
	}
}

// nextDue is how long it takes until an issue is due: 0 if one is, negative if none is waited for.
func (s *Store) nextDue(ctx context.Context) (time.Duration, error) {
	next := time.Duration(-1)
	err := s.read(ctx, "looking for an issue to claim", func(tx *bbolt.Tx) error {
		if first, _ := tx.Bucket(bucketDue).Cursor().First(); first != nil {
			next = time.Duration(max(0, number(first)-s.nowMicros())) * time.Microsecond
		}
		return nil
	})
	return next, err
}

// leaseDue leases an issue that is due, or returns nil if another claim took it.
func (s *Store) leaseDue(ctx context.Context) (*inbox.Batch, error) {
	var batch *inbox.Batch
	// The lease is taken or not, but never without somebody who knows: the answer is waited for.
	err := s.write(context.WithoutCancel(ctx), "claiming an issue", func(tx *bbolt.Tx) (err error) {
		batch, err = s.claim(tx, s.nowMicros())
		return err
	})
	if err != nil {
		return nil, err
	}
	return batch, nil
}

// claim leases the most overdue issue, if one is due.
func (s *Store) claim(tx *bbolt.Tx, now int64) (*inbox.Batch, error) {
	first, _ := tx.Bucket(bucketDue).Cursor().First()
	if first == nil || number(first) > now {
		return nil, nil
	}
	issue := bytes.Clone(first[8:])
	old, err := load(tx, issue)
	if err != nil {
		return nil, err
	}
	token, err := tx.Bucket(bucketBoxes).NextSequence()
	if err != nil {
		return nil, err
	}
	b := old
	b.token, b.until = int64(token), now+s.lease.Microseconds()
	b.attempt++
	b.revived = false
	if err := s.save(tx, issue, old, b); err != nil {
		return nil, err
	}
	var began time.Time
	if v := tx.Bucket(bucketMeta).Get(metaBegan); v != nil {
		began = time.UnixMicro(number(v))
	}
	return &inbox.Batch{
		Issue:      issueOf(issue),
		Deliveries: readMail(tx, bucketOrder, issue),
		Memory:     memories.get(tx, issue, now),
		Attempt:    int(b.attempt),
		LastError:  b.cause,
		Token:      b.token,
		Until:      time.UnixMicro(b.until),
		Woken:      b.wake != 0 && b.wake <= now,
		Began:      began,
	}, nil
}

// readMail reads the deliveries that an index lists for an issue, the oldest first.
func readMail(tx *bbolt.Tx, index, issue []byte) []inbox.Stamped {
	mail := tx.Bucket(bucketMail)
	var all []inbox.Stamped
	for k := range scan(tx.Bucket(index), issue) {
		seq := k[issueSize:]
		all = append(all, decodeMail(number(seq), mail.Get(seq)))
	}
	return all
}
