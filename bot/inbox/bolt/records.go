package bolt

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// keepRecord adds a record and lets the oldest go, of the issue and of all.
func (s *Store) keepRecord(tx *bbolt.Tx, issue, body []byte, now int64) error {
	if body == nil {
		return nil
	}
	records, recent, meta := tx.Bucket(bucketRecords), tx.Bucket(bucketRecent), tx.Bucket(bucketMeta)
	id, err := recent.NextSequence()
	if err != nil {
		return err
	}
	if err := records.Put(placed(issue, int64(id)), numbered(now, body...)); err != nil {
		return err
	}
	if err := recent.Put(numbered(int64(id)), issue); err != nil {
		return err
	}
	kept := int64(1)
	if v := meta.Get(metaRecords); v != nil {
		kept += number(v)
	}
	for _, k := range surplus(records, issue) {
		if err := records.Delete(k); err != nil {
			return err
		}
		if err := recent.Delete(k[issueSize:]); err != nil {
			return err
		}
		kept--
	}
	for ; kept > inbox.RecordsOverall; kept-- {
		id, issue := recent.Cursor().First()
		if err := records.Delete(placed(issue, number(id))); err != nil {
			return err
		}
		if err := recent.Delete(bytes.Clone(id)); err != nil {
			return err
		}
	}
	return meta.Put(metaRecords, numbered(kept))
}

// surplus is the keys of the issue's oldest records beyond the bound.
func surplus(records *bbolt.Bucket, issue []byte) [][]byte {
	var keys [][]byte
	for k := range scan(records, issue) {
		keys = append(keys, bytes.Clone(k))
	}
	return keys[:max(0, len(keys)-inbox.RecordsPerIssue)]
}

// Records implements inbox.Inbox.
func (s *Store) Records(ctx context.Context, issue triage.Ref, limit int) ([]inbox.Record, error) {
	var all []inbox.Record
	err := s.read(ctx, "reading the records of "+issue.String(), func(tx *bbolt.Tx) error {
		key := issueKey(issue)
		for _, v := range scanBack(tx.Bucket(bucketRecords), key) {
			if len(all) >= limit {
				break
			}
			all = append(all, decodeRecord(key, v))
		}
		return nil
	})
	return all, err
}

// Recent implements inbox.Inbox.
func (s *Store) Recent(ctx context.Context, limit int) ([]inbox.Record, error) {
	var all []inbox.Record
	err := s.read(ctx, "reading the newest records", func(tx *bbolt.Tx) error {
		records := tx.Bucket(bucketRecords)
		for id, issue := range scanBack(tx.Bucket(bucketRecent), nil) {
			if len(all) >= limit {
				break
			}
			all = append(all, decodeRecord(issue, records.Get(placed(issue, number(id)))))
		}
		return nil
	})
	return all, err
}

func decodeRecord(issue, v []byte) inbox.Record {
	return inbox.Record{Issue: issueOf(issue), At: time.UnixMilli(number(v) / 1000), Body: append([]byte{}, v[8:]...)}
}

// scanBack goes through the keys with a prefix, the last one first.
func scanBack(b *bbolt.Bucket, prefix []byte) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := b.Cursor()
		// No key is as long as this one, so it stands behind all that begin with the prefix.
		k, v := c.Seek(append(bytes.Clone(prefix), bytes.Repeat([]byte{0xff}, issueSize+9)...))
		if k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
		for ; k != nil && bytes.HasPrefix(k, prefix); k, v = c.Prev() {
			if !yield(k, v) {
				return
			}
		}
	}
}
