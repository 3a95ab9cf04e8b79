package bolt

import (
	"bytes"
	"crypto/sha256"
	"maps"

	"go.etcd.io/bbolt"
)

// fingerprint stands for a delivery key or a meaning. Keys come from outside and may be long; 16 bytes of SHA-256 tell them apart.
type fingerprint [16]byte

func digest(kind, key string) fingerprint {
	sum := sha256.Sum256([]byte(kind + "\x00" + key))
	return fingerprint(sum[:16])
}

// seen is the keys that suppress repeats, with their expiry in microseconds. Only the writer uses it. In the file the keys stand in
// the order in which they expire, so that new ones are appended: looking them up there would cost every accept two more pages. In
// memory a key takes about 40 bytes, for a week.
type seen struct {
	kept  map[fingerprint]int64
	added map[fingerprint]int64 // by the transaction under way
}

func newSeen() *seen {
	return &seen{kept: map[fingerprint]int64{}, added: map[fingerprint]int64{}}
}

// load reads the keys from the file.
func (s *seen) load(tx *bbolt.Tx) {
	for k := range scan(tx.Bucket(bucketExpiry), nil) {
		if k[8] == kindKey {
			s.kept[fingerprint(k[9:])] = number(k)
		}
	}
}

// has reports whether a key suppresses repeats now.
func (s *seen) has(f fingerprint, now int64) bool { return max(s.kept[f], s.added[f]) > now }

// add makes a key suppress repeats until it expires.
func (s *seen) add(tx *bbolt.Tx, f fingerprint, expiry int64) error {
	s.added[f] = expiry
	return tx.Bucket(bucketExpiry).Put(numbered(expiry, append([]byte{kindKey}, f[:]...)...), nil)
}

// committed and dropped say what became of the transaction.
func (s *seen) committed() {
	maps.Copy(s.kept, s.added)
	clear(s.added)
}

func (s *seen) dropped() { clear(s.added) }

// purge removes what expired, at most limit: every transaction does a little more of it than it can add, so that the
// file does not grow and no transaction is long.
func (s *seen) purge(tx *bbolt.Tx, now int64, limit int) error {
	var expired [][]byte
	for k := range scan(tx.Bucket(bucketExpiry), nil) {
		if number(k) > now || len(expired) == limit {
			break
		}
		expired = append(expired, bytes.Clone(k))
	}
	for _, k := range expired {
		if e, ok := expires(k[8]); ok {
			if err := tx.Bucket(e.bucket).Delete(k[9:]); err != nil {
				return err
			}
		} else if f := fingerprint(k[9:]); s.kept[f] == number(k) {
			delete(s.kept, f)
		}
		if err := tx.Bucket(bucketExpiry).Delete(k); err != nil {
			return err
		}
	}
	return nil
}
