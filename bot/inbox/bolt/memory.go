package bolt

import (
	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// readMemory is a copy of the issue's memory, nil if there is none or it expired.
func readMemory(tx *bbolt.Tx, issue []byte, now int64) []byte {
	v := tx.Bucket(bucketMemory).Get(issue)
	if v == nil || number(v) <= now {
		return nil
	}
	return append([]byte{}, v[8:]...)
}

// keepMemory replaces the issue's memory, or keeps it if the new one is nil, and starts its time anew.
func keepMemory(tx *bbolt.Tx, issue, memory []byte, now int64) error {
	bucket, expiry := tx.Bucket(bucketMemory), tx.Bucket(bucketExpiry)
	if memory == nil {
		memory = readMemory(tx, issue, now)
	}
	if memory == nil {
		return nil
	}
	entry := append([]byte{kindMemory}, issue...)
	if old := bucket.Get(issue); old != nil {
		if err := expiry.Delete(numbered(number(old), entry...)); err != nil {
			return err
		}
	}
	until := now + inbox.KeepMemory.Microseconds()
	if err := bucket.Put(issue, numbered(until, memory...)); err != nil {
		return err
	}
	return expiry.Put(numbered(until, entry...), nil)
}
