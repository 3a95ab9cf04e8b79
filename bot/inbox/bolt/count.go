package bolt

import (
	"context"
	"encoding/binary"
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
	id      fingerprint
	at      int64
	allowed bool
}

func count(tx *bbolt.Tx, u inbox.Use, now int64) (inbox.Counted, error) {
	who, id := digest("who", u.Who), digest("use", u.ID)
	uses := decodeUses(answers.get(tx, who[:], now), now)
	again := untilRoom(uses, u, now)
	known := slices.IndexFunc(uses, func(old use) bool { return old.id == id })
	switch {
	case known < 0:
		allowed := again == 0
		uses = withoutOldest(append(uses, use{id, now, allowed}), allowed)
		return inbox.Counted{Allowed: allowed, Again: again}, answers.put(tx, who[:], encodeUses(uses), now+inbox.KeepUses.Microseconds())
	case uses[known].allowed:
		return inbox.Counted{Allowed: true}, nil
	default:
		return inbox.Counted{Again: again}, nil
	}
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
	slices.Sort(ends)
	return time.Duration(ends[len(ends)-u.Limit]-now) * time.Microsecond
}

// withoutOldest lets the oldest of one kind go if there are too many of them.
func withoutOldest(uses []use, allowed bool) []use {
	same, oldest := 0, -1
	for i, one := range uses {
		if one.allowed != allowed {
			continue
		}
		same++
		if oldest < 0 {
			oldest = i
		}
	}
	if same <= inbox.MaxUses {
		return uses
	}
	return slices.Delete(uses, oldest, oldest+1)
}

// useSize is the length of a use in the file: its id, its time, 1 if it was allowed. They stand one behind the other, as they came.
const useSize = len(fingerprint{}) + 8 + 1

func encodeUses(uses []use) []byte {
	all := make([]byte, 0, len(uses)*useSize)
	for _, one := range uses {
		all = append(all, one.id[:]...)
		all = binary.BigEndian.AppendUint64(all, uint64(one.at))
		allowed := byte(0)
		if one.allowed {
			allowed = 1
		}
		all = append(all, allowed)
	}
	return all
}

// decodeUses leaves out the uses whose answers are not kept any more.
func decodeUses(raw []byte, now int64) []use {
	uses := make([]use, 0, len(raw)/useSize+1)
	for one := range slices.Chunk(raw, useSize) {
		at := number(one[len(fingerprint{}):])
		if at+inbox.KeepUses.Microseconds() > now {
			uses = append(uses, use{fingerprint(one), at, one[useSize-1] == 1})
		}
	}
	return uses
}
