package bolt

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// Count implements inbox.Inbox.
func (s *Store) Count(ctx context.Context, u inbox.Use) (inbox.Counted, error) {
	if err := u.Validate(); err != nil {
		return inbox.Counted{}, fmt.Errorf("counting a use: %w", err)
	}
	var counted inbox.Counted
	err := s.write(ctx, "counting a use of "+u.Who, func(tx *bbolt.Tx) (err error) {
		counted, err = count(tx, u, s.nowMicros())
		return err
	})
	if err != nil {
		return inbox.Counted{}, err
	}
	return counted, nil
}

// use is one that was counted or refused.
type use struct {
	key     []byte
	at      int64
	allowed bool
}

func (u use) encode() []byte {
	allowed := byte(0)
	if u.allowed {
		allowed = 1
	}
	return numbered(u.at, allowed)
}

func (u use) expiry() int64 { return u.at + inbox.KeepUses.Microseconds() }

func (u use) expiryKey() []byte { return numbered(u.expiry(), append([]byte{kindUse}, u.key...)...) }

func count(tx *bbolt.Tx, u inbox.Use, now int64) (inbox.Counted, error) {
	who, id := digest("who", u.Who), digest("use", u.ID)
	answers := readUses(tx, who[:], now)
	key := slices.Concat(who[:], id[:])
	known := slices.IndexFunc(answers, func(a use) bool { return bytes.Equal(a.key, key) })
	if known >= 0 && answers[known].allowed {
		return inbox.Counted{Allowed: true}, nil
	}
	again := untilRoom(answers, u, now)
	answer := inbox.Counted{Again: again}
	if known < 0 {
		answer.Allowed = again == 0
		return answer, keepUse(tx, answers, use{key, now, answer.Allowed})
	}
	return answer, nil
}

// readUses reads somebody's uses whose answers are kept, the oldest first.
func readUses(tx *bbolt.Tx, who []byte, now int64) []use {
	var all []use
	for k, v := range scan(tx.Bucket(bucketUses), who) {
		a := use{key: bytes.Clone(k), at: number(v), allowed: v[8] == 1}
		if a.expiry() > now {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b use) int { return cmp.Compare(a.at, b.at) })
	return all
}

// untilRoom is how long it takes until the window holds fewer uses than the limit, 0 if it does.
func untilRoom(answers []use, u inbox.Use, now int64) time.Duration {
	window := u.Window.Microseconds()
	var ends []int64 // when each leaves the window
	for _, a := range answers {
		if end := a.at + window; a.allowed && end > now {
			ends = append(ends, end)
		}
	}
	if len(ends) < u.Limit {
		return 0
	}
	return time.Duration(ends[len(ends)-u.Limit]-now) * time.Microsecond
}

// keepUse keeps one more answer and lets the oldest of its kind go.
func keepUse(tx *bbolt.Tx, answers []use, one use) error {
	uses := tx.Bucket(bucketUses)
	if expired := uses.Get(one.key); expired != nil { // and not purged yet
		if err := forgetUse(tx, use{key: one.key, at: number(expired)}); err != nil {
			return err
		}
	}
	same := slices.DeleteFunc(slices.Clone(answers), func(a use) bool { return a.allowed != one.allowed })
	for _, oldest := range same[:max(0, len(same)+1-inbox.MaxUses)] {
		if err := forgetUse(tx, oldest); err != nil {
			return err
		}
	}
	if err := uses.Put(one.key, one.encode()); err != nil {
		return err
	}
	return tx.Bucket(bucketExpiry).Put(one.expiryKey(), nil)
}

func forgetUse(tx *bbolt.Tx, u use) error {
	if err := tx.Bucket(bucketExpiry).Delete(u.expiryKey()); err != nil {
		return err
	}
	return tx.Bucket(bucketUses).Delete(u.key)
}
