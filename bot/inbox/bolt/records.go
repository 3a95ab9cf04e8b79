package bolt

import (
	"bytes"
	"context"
	"slices"
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
	records, recorded, meta := appended(tx, bucketRecords), tx.Bucket(bucketRecorded), tx.Bucket(bucketMeta)
	next, err := records.NextSequence()
	if err != nil {
		return err
	}
	id := int64(next)
	if err := records.Put(numbered(id), slices.Concat(numbered(now), issue, body)); err != nil {
		return err
	}
	if err := recorded.Put(placed(issue, id), nil); err != nil {
		return err
	}
	kept := int64(1)
	if v := meta.Get(metaRecords); v != nil {
		kept += number(v)
	}
	gone := surplus(recorded, issue)
	if kept-int64(len(gone)) > inbox.RecordsOverall {
		id, v := records.Cursor().First()
		gone = append(gone, placed(v[8:8+issueSize], number(id)))
	}
	for _, k := range gone {
		if err := recorded.Delete(k); err != nil {
			return err
		}
		if err := records.Delete(k[issueSize:]); err != nil {
			return err
		}
	}
	return meta.Put(metaRecords, numbered(kept-int64(len(gone))))
}

// surplus is the index keys of the issue's oldest records beyond the bound.
func surplus(recorded *bbolt.Bucket, issue []byte) [][]byte {
	var keys [][]byte
	for k := range scan(recorded, issue) {
		keys = append(keys, bytes.Clone(k))
	}
	return keys[:max(0, len(keys)-inbox.RecordsPerIssue)]
}

// Records implements inbox.Inbox.
func (s *Store) Records(ctx context.Context, issue triage.Ref, limit int) ([]inbox.Record, error) {
	var all []inbox.Record
	err := s.read(ctx, "reading the records of "+issue.String(), func(tx *bbolt.Tx) error {
		records := tx.Bucket(bucketRecords)
		for k := range scanBack(tx.Bucket(bucketRecorded), issueKey(issue)) {
			if len(all) >= limit {
				break
			}
			all = append(all, decodeRecord(records.Get(k[issueSize:])))
		}
		return nil
	})
	return all, err
}

// Recent implements inbox.Inbox.
func (s *Store) Recent(ctx context.Context, limit int) ([]inbox.Record, error) {
	var all []inbox.Record
	err := s.read(ctx, "reading the newest records", func(tx *bbolt.Tx) error {
		for _, v := range scanBack(tx.Bucket(bucketRecords), nil) {
			if len(all) >= limit {
				break
			}
			all = append(all, decodeRecord(v))
		}
		return nil
	})
	return all, err
}

func decodeRecord(v []byte) inbox.Record {
	return inbox.Record{
		Issue: issueOf(v[8:]), At: time.UnixMilli(number(v) / 1000), Body: bytes.Clone(v[8+issueSize:]),
	}
}

// scanBack goes through the keys with a prefix, the last one first.
func scanBack(b *bbolt.Bucket, prefix []byte) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := b.Cursor()
		// No key is as long as this one, so it stands behind all that begin with the prefix.
		behind, _ := c.Seek(append(bytes.Clone(prefix), bytes.Repeat([]byte{0xff}, issueSize+9)...))
		last := c.Prev
		if behind == nil {
			last = c.Last
		}
		for k, v := last(); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Prev() {
			if !yield(k, v) {
				return
			}
		}
	}
}
