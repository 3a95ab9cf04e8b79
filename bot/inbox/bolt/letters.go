package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// letter is a dead letter without its deliveries, as it stands in the file. Buried is in microseconds.
type letter struct {
	Buried   int64  `json:"buried"`
	Cause    string `json:"cause"`
	Attempts int    `json:"attempts"`
	Record   []byte `json:"record,omitempty"`
	Woken    bool   `json:"woken,omitempty"`
}

// readLetter refuses if the issue has no letter.
func readLetter(tx *bbolt.Tx, issue []byte) (letter, error) {
	raw := tx.Bucket(bucketLetters).Get(issue)
	if raw == nil {
		return letter{}, inbox.ErrNotFound
	}
	var l letter
	if err := json.Unmarshal(raw, &l); err != nil {
		return letter{}, fmt.Errorf("reading a dead letter: %w", err)
	}
	return l, nil
}

// post adds the letter and its deliveries to the issue's earlier one.
func (l letter) post(tx *bbolt.Tx, issue []byte, deliveries []int64) error {
	if tx.Bucket(bucketLetters).Get(issue) != nil {
		earlier, err := readLetter(tx, issue)
		if err != nil {
			return err
		}
		l.Woken = l.Woken || earlier.Woken
		if err := tx.Bucket(bucketBurials).Delete(numbered(earlier.Buried, issue...)); err != nil {
			return err
		}
	}
	for _, seq := range deliveries {
		if err := tx.Bucket(bucketLettered).Put(placed(issue, seq), nil); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	if err := tx.Bucket(bucketLetters).Put(issue, raw); err != nil {
		return err
	}
	return tx.Bucket(bucketBurials).Put(numbered(l.Buried, issue...), nil)
}

// remove takes the letter away and returns the keys of its deliveries, which are still in the mail.
func (l letter) remove(tx *bbolt.Tx, issue []byte) ([][]byte, error) {
	lettered := tx.Bucket(bucketLettered)
	var keys [][]byte
	for k := range scan(lettered, issue) {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if err := lettered.Delete(k); err != nil {
			return nil, err
		}
	}
	if err := tx.Bucket(bucketBurials).Delete(numbered(l.Buried, issue...)); err != nil {
		return nil, err
	}
	return keys, tx.Bucket(bucketLetters).Delete(issue)
}

// Dead implements inbox.Inbox.
func (s *Store) Dead(ctx context.Context, limit int) ([]inbox.Letter, error) {
	var all []inbox.Letter
	err := s.read(ctx, "reading the dead letters", func(tx *bbolt.Tx) error {
		for k := range scanBack(tx.Bucket(bucketBurials), nil) {
			if len(all) >= limit {
				break
			}
			l, err := readLetter(tx, k[8:])
			if err != nil {
				return err
			}
			all = append(all, inbox.Letter{
				Issue: issueOf(k[8:]), Buried: time.UnixMilli(l.Buried / 1000), Cause: l.Cause, Attempts: l.Attempts,
				Deliveries: readMail(tx, bucketLettered, k[8:]), Record: l.Record, Woken: l.Woken,
			})
		}
		return nil
	})
	return all, err
}

// Revive implements inbox.Inbox. Deliveries keep their numbers, which are below those of whatever came later: that is the head.
func (s *Store) Revive(ctx context.Context, ref triage.Ref) error {
	err := s.write(ctx, "reviving the dead letter of "+ref.String(), func(tx *bbolt.Tx) error {
		issue, now := issueKey(ref), s.nowMicros()
		l, err := readLetter(tx, issue)
		if err != nil {
			return err
		}
		old, err := load(tx, issue)
		if err != nil {
			return err
		}
		deliveries, err := l.remove(tx, issue)
		if err != nil {
			return err
		}
		for _, k := range deliveries {
			if err := tx.Bucket(bucketOrder).Put(k, nil); err != nil {
				return err
			}
		}
		b := old
		b.waiting += int64(len(deliveries))
		if l.Woken {
			b.wake, b.revived = now, b.token != 0
		}
		if b.token == 0 {
			b.rest(now)
		}
		return s.save(tx, issue, old, b)
	})
	if err == nil {
		s.bell.Ring()
	}
	return err
}

// Drop implements inbox.Inbox.
func (s *Store) Drop(ctx context.Context, ref triage.Ref) error {
	return s.write(ctx, "dropping the dead letter of "+ref.String(), func(tx *bbolt.Tx) error {
		issue := issueKey(ref)
		l, err := readLetter(tx, issue)
		if err != nil {
			return err
		}
		deliveries, err := l.remove(tx, issue)
		if err != nil {
			return err
		}
		for _, k := range deliveries {
			if err := tx.Bucket(bucketMail).Delete(k[issueSize:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Stats implements inbox.Inbox.
func (s *Store) Stats(ctx context.Context) (inbox.Stats, error) {
	var stats inbox.Stats
	err := s.read(ctx, "counting what waits in the inbox", func(tx *bbolt.Tx) error {
		now := s.nowMicros()
		for _, raw := range scan(tx.Bucket(bucketBoxes), nil) {
			b, err := decodeBox(raw)
			if err != nil {
				return err
			}
			if b.waiting > 0 {
				stats.Issues++
			}
			stats.Deliveries += int(b.waiting)
			if b.token != 0 && b.until > now {
				stats.Leased++
			}
		}
		for range scan(tx.Bucket(bucketBurials), nil) {
			stats.Dead++
		}
		if first, _ := tx.Bucket(bucketDue).Cursor().First(); first != nil {
			stats.Oldest = inbox.Overdue(time.Duration(now-number(first)) * time.Microsecond)
		}
		return nil
	})
	return stats, err
}
