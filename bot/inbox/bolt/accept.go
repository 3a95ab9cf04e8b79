package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// Accept implements inbox.Inbox.
func (s *Store) Accept(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("accepting a delivery: %w", err)
	}
	var outcome inbox.Outcome
	err := s.write(ctx, "accepting a delivery of "+d.Issue.String(), func(tx *bbolt.Tx) (err error) {
		outcome, err = s.accept(tx, d, s.nowMicros())
		return err
	})
	if err != nil {
		return "", err
	}
	if outcome == inbox.Stored {
		s.bell.Ring()
	}
	return outcome, nil
}

func (s *Store) accept(tx *bbolt.Tx, d inbox.Delivery, now int64) (inbox.Outcome, error) {
	key, meaning := digest("key", d.Key), digest("meaning", d.Meaning)
	if d.Key != "" && s.seen.has(key, now) {
		return inbox.Duplicate, nil
	}
	outcome := inbox.Duplicate
	if d.Meaning == "" || !s.seen.has(meaning, now) {
		outcome = inbox.Stored
		if s.max > 0 && s.tally.waiting() >= int64(s.max) {
			return "", fmt.Errorf("%d wait: %w", s.max, inbox.ErrFull)
		}
		if err := s.store(tx, d, now); err != nil {
			return "", err
		}
		if err := hear(tx, d.Issue.Project, now); err != nil {
			return "", err
		}
		if d.Meaning != "" {
			if err := s.seen.add(tx, meaning, now+inbox.KeepMeanings.Microseconds()); err != nil {
				return "", err
			}
		}
	}
	if d.Key == "" {
		return outcome, nil
	}
	return outcome, s.seen.add(tx, key, now+inbox.KeepKeys.Microseconds())
}

// store appends to the mailbox and schedules it, unless a lease or a Retry has the say.
func (s *Store) store(tx *bbolt.Tx, d inbox.Delivery, now int64) error {
	issue := issueKey(d.Issue)
	old, err := load(tx, issue)
	if err != nil {
		return err
	}
	mail := appended(tx, bucketMail)
	seq, err := mail.NextSequence()
	if err != nil {
		return err
	}
	if err := mail.Put(numbered(int64(seq)), encodeMail(now, d.ID, d.Body)); err != nil {
		return err
	}
	if err := tx.Bucket(bucketOrder).Put(placed(issue, int64(seq)), nil); err != nil {
		return err
	}
	b := old
	b.waiting++
	if b.token == 0 && !b.delayed {
		due := now + d.Delay.Microseconds()
		if b.due == 0 || due < b.due {
			b.due = due
		}
	}
	return s.save(tx, issue, old, b)
}
