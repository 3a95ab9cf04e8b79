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

// use is one that has its answer.
type use struct {
	key     []byte
	at      int64
	allowed bool
}

func count(tx *bbolt.Tx, u inbox.Use, now int64) (inbox.Counted, error) {
	who, id := digest("who", u.Who), digest("use", u.ID)
	key := slices.Concat(who[:], id[:])
	uses := readUses(tx, who[:], now)
	again := untilRoom(uses, u, now)
	known := slices.IndexFunc(uses, func(old use) bool { return bytes.Equal(old.key, key) })
	switch {
	case known < 0:
		allowed := again == 0
		return inbox.Counted{Allowed: allowed, Again: again}, keepUse(tx, uses, use{key, now, allowed})
	case uses[known].allowed:
		return inbox.Counted{Allowed: true}, nil
	default:
		return inbox.Counted{Again: again}, nil
	}
}

// readUses reads somebody's uses whose answers are kept, the oldest first.
func readUses(tx *bbolt.Tx, who []byte, now int64) []use {
	var all []use
	for k, v := range scan(tx.Bucket(bucketUses), who) {
		if until := number(v); until > now {
			all = append(all, use{key: bytes.Clone(k), at: until - inbox.KeepUses.Microseconds(), allowed: v[8] == 1})
		}
	}
	slices.SortFunc(all, func(a, b use) int { return cmp.Compare(a.at, b.at) })
	return all
}

// untilRoom is how long it takes until the window holds fewer uses than the limit, 0 if it does.
func untilRoom(uses []use, u inbox.Use, now int64) time.Duration {
	var ends []int64 // when each leaves the window
	for _, one := range uses {
		if end := one.at + u.Window.Microseconds(); one.allowed && end > now {
			ends = append(ends, end)
		}
	}
	if len(ends) < u.Limit {
		return 0
	}
	return time.Duration(ends[len(ends)-u.Limit]-now) * time.Microsecond
}

// keepUse keeps one more answer and lets the oldest of its kind go.
func keepUse(tx *bbolt.Tx, uses []use, one use) error {
	same := slices.DeleteFunc(slices.Clone(uses), func(other use) bool { return other.allowed != one.allowed })
	for _, oldest := range same[:max(0, len(same)+1-inbox.MaxUses)] {
		if err := answers.delete(tx, oldest.key); err != nil {
			return err
		}
	}
	value := []byte{0}
	if one.allowed {
		value[0] = 1
	}
	return answers.put(tx, one.key, value, one.at+inbox.KeepUses.Microseconds())
}
