package bolt

import (
	"go.etcd.io/bbolt"
)

// expiring is a bucket whose entries are purged some time after they were put. An entry's value begins with that time.
type expiring struct {
	bucket []byte
	kind   byte // in the keys of the expiry bucket
}

// The kinds of things that expire, as they stand in keys. Keys that suppress repeats have no bucket of their own, see seen.
const (
	kindKey    = 'k'
	kindMemory = 'm'
	kindUse    = 'u'
	kindMark   = 'w'
)

var (
	memories = expiring{bucketMemory, kindMemory}
	answers  = expiring{bucketUses, kindUse}
	marks    = expiring{bucketMarks, kindMark}
)

// expires finds what an entry of the expiry bucket stands for.
func expires(kind byte) (expiring, bool) {
	for _, e := range []expiring{memories, answers, marks} {
		if e.kind == kind {
			return e, true
		}
	}
	return expiring{}, false
}

// get is a copy of the value, nil if there is none or it expired.
func (e expiring) get(tx *bbolt.Tx, key []byte, now int64) []byte {
	v := tx.Bucket(e.bucket).Get(key)
	if v == nil || number(v) <= now {
		return nil
	}
	return append([]byte{}, v[8:]...)
}

// put replaces the value and its time.
func (e expiring) put(tx *bbolt.Tx, key, value []byte, until int64) error {
	if err := e.delete(tx, key); err != nil {
		return err
	}
	if err := tx.Bucket(e.bucket).Put(key, numbered(until, value...)); err != nil {
		return err
	}
	return tx.Bucket(bucketExpiry).Put(e.entry(until, key), nil)
}

// delete forgets the value before its time, if there is one.
func (e expiring) delete(tx *bbolt.Tx, key []byte) error {
	old := tx.Bucket(e.bucket).Get(key)
	if old == nil {
		return nil
	}
	if err := tx.Bucket(bucketExpiry).Delete(e.entry(number(old), key)); err != nil {
		return err
	}
	return tx.Bucket(e.bucket).Delete(key)
}

// entry is the key in the expiry bucket.
func (e expiring) entry(until int64, key []byte) []byte {
	return numbered(until, append([]byte{e.kind}, key...)...)
}
