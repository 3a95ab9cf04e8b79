package bolt

import (
	"bytes"

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

// purge removes what expired, at most limit entries: every transaction does a little more of it than it can add, so that the file does
// not grow and no transaction is long.
func purge(tx *bbolt.Tx, now int64, limit int) error {
	var expired [][]byte
	for k := range scan(tx.Bucket(bucketExpiry), nil) {
		if number(k) > now || len(expired) == limit {
			break
		}
		expired = append(expired, bytes.Clone(k))
	}
	for _, k := range expired {
		bucket, key := tx.Bucket(bucketKeys), k[8:]
		if key[0] == kindMemory {
			bucket, key = tx.Bucket(bucketMemory), key[1:]
		}
		if err := bucket.Delete(key); err != nil {
			return err
		}
		if err := tx.Bucket(bucketExpiry).Delete(k); err != nil {
			return err
		}
	}
	return nil
}
