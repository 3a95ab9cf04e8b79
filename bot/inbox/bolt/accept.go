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
		outcome, err = accept(tx, d, s.nowMicros())
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

func accept(tx *bbolt.Tx, d inbox.Delivery, now int64) (inbox.Outcome, error) {
	if known(tx, kindKey, d.Key, now) {
		return inbox.Duplicate, nil
	}
	if known(tx, kindMeaning, d.Meaning, now) {
		return inbox.Duplicate, remember(tx, kindKey, d.Key, now+inbox.KeepKeys.Microseconds())
	}
	if err := store(tx, d, now); err != nil {
		return "", err
	}
	if err := remember(tx, kindMeaning, d.Meaning, now+inbox.KeepMeanings.Microseconds()); err != nil {
		return "", err
	}
	return inbox.Stored, remember(tx, kindKey, d.Key, now+inbox.KeepKeys.Microseconds())
}

// store appends to the mailbox and schedules it, unless a lease or a Retry has the say.
func store(tx *bbolt.Tx, d inbox.Delivery, now int64) error {
	issue := issueKey(d.Issue)
	old, err := load(tx, issue)
	if err != nil {
		return err
	}
	mail := tx.Bucket(bucketMail)
	seq, err := mail.NextSequence()
	if err != nil {
		return err
	}
	if err := mail.Put(placed(issue, int64(seq)), encodeMail(now, d.ID, d.Body)); err != nil {
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
	return save(tx, issue, old, b)
}

// known reports whether a key suppresses a repeat now. Keys that expired may still be in the file.
func known(tx *bbolt.Tx, kind byte, key string, now int64) bool {
	if key == "" {
		return false
	}
	expiry := tx.Bucket(bucketKeys).Get(digest(kind, key))
	return expiry != nil && number(expiry) > now
}

// remember makes a key suppress repeats until it expires.
func remember(tx *bbolt.Tx, kind byte, key string, expiry int64) error {
	if key == "" {
		return nil
	}
	k, keys := digest(kind, key), tx.Bucket(bucketKeys)
	if old := keys.Get(k); old != nil {
		if err := tx.Bucket(bucketExpiry).Delete(numbered(number(old), k...)); err != nil {
			return err
		}
	}
	if err := keys.Put(k, numbered(expiry)); err != nil {
		return err
	}
	return tx.Bucket(bucketExpiry).Put(numbered(expiry, k...), nil)
}
