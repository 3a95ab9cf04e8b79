package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// box is what is known of an issue that waits for something. Times are in microseconds, 0 is none.
type box struct {
	due     int64 // when its deliveries are to be handled
	wake    int64 // when it is to be looked at anyway
	token   int64 // of the lease, 0 if there is none
	until   int64 // when the lease ends
	attempt int64 // claims since the last Done
	waiting int64 // deliveries
	delayed bool  // due is the end of a Retry's delay: nothing makes it earlier
	revived bool  // wake was set by a Revive under the lease: the Done of that lease leaves it, the next Claim clears this
	cause   string
}

const (
	flagDelayed = 1 << iota
	flagRevived
)

// next is when the issue may be claimed, 0 for never. Under a lease it is the lease's end, so that a lease that ran out needs no one
// to notice.
func (b box) next() int64 {
	switch {
	case b.token != 0:
		return b.until
	case b.delayed || b.wake == 0:
		return b.due
	case b.due == 0:
		return b.wake
	default:
		return min(b.due, b.wake)
	}
}

// free ends the lease.
func (b *box) free() { b.token, b.until = 0, 0 }

// rest starts the count of attempts anew and makes what is still in the mailbox due.
func (b *box) rest(now int64) {
	b.attempt, b.cause, b.delayed, b.due = 0, "", false, 0
	if b.waiting > 0 {
		b.due = now
	}
}

func (b box) encode() []byte {
	out := make([]byte, 0, 49+len(b.cause))
	for _, n := range []int64{b.due, b.wake, b.token, b.until, b.attempt, b.waiting} {
		out = binary.BigEndian.AppendUint64(out, uint64(n))
	}
	var flags byte
	if b.delayed {
		flags |= flagDelayed
	}
	if b.revived {
		flags |= flagRevived
	}
	return append(append(out, flags), b.cause...)
}

func decodeBox(raw []byte) (box, error) {
	if raw == nil {
		return box{}, nil
	}
	if len(raw) < 49 {
		return box{}, fmt.Errorf("a mailbox is damaged: %d bytes", len(raw))
	}
	flags := raw[48]
	return box{
		due: number(raw), wake: number(raw[8:]), token: number(raw[16:]), until: number(raw[24:]),
		attempt: number(raw[32:]), waiting: number(raw[40:]),
		delayed: flags&flagDelayed != 0, revived: flags&flagRevived != 0,
		cause: string(raw[49:]),
	}, nil
}

// load reads an issue's box; one that waits for nothing is the zero box.
func load(tx *bbolt.Tx, issue []byte) (box, error) {
	return decodeBox(tx.Bucket(bucketBoxes).Get(issue))
}

// save writes a box back and keeps its place in the order of due issues. A box that waits for nothing is removed.
func (s *Store) save(tx *bbolt.Tx, issue []byte, old, now box) error {
	s.tally.add(now.waiting - old.waiting)
	due := tx.Bucket(bucketDue)
	if old.next() != now.next() && old.next() != 0 {
		if err := due.Delete(numbered(old.next(), issue...)); err != nil {
			return err
		}
	}
	if now.next() == 0 {
		return tx.Bucket(bucketBoxes).Delete(issue)
	}
	if old.next() != now.next() {
		if err := due.Put(numbered(now.next(), issue...), nil); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketBoxes).Put(issue, now.encode())
}

// held loads the box of a batch and refuses if its lease is not the batch's any more.
func held(tx *bbolt.Tx, b *inbox.Batch) ([]byte, box, error) {
	issue := issueKey(b.Issue)
	found, err := load(tx, issue)
	if err != nil {
		return nil, box{}, err
	}
	if b.Token == 0 || found.token != b.Token {
		return nil, box{}, inbox.ErrLeaseLost
	}
	return issue, found, nil
}

// voidLeases makes issues that an earlier process held due at once.
func (s *Store) voidLeases(tx *bbolt.Tx, now int64) error {
	type leased struct {
		issue []byte
		box   box
	}
	var all []leased
	for issue, raw := range scan(tx.Bucket(bucketBoxes), nil) {
		b, err := decodeBox(raw)
		if err != nil {
			return err
		}
		if b.token != 0 {
			all = append(all, leased{bytes.Clone(issue), b})
		}
	}
	for _, l := range all {
		free := l.box
		free.free()
		free.due, free.delayed = now, false
		if err := s.save(tx, l.issue, l.box, free); err != nil {
			return err
		}
	}
	return nil
}

// scan goes through the keys with a prefix, in order. The bucket must not be changed meanwhile.
func scan(b *bbolt.Bucket, prefix []byte) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := b.Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}
