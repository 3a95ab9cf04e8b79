package bolt

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// Projects implements inbox.Inbox.
func (s *Store) Projects(ctx context.Context) ([]int64, error) {
	var all []int64
	err := s.read(ctx, "listing the projects", func(tx *bbolt.Tx) error {
		for k := range scan(tx.Bucket(bucketProjects), nil) {
			all = append(all, number(k))
		}
		return nil
	})
	return all, err
}

// Hear implements inbox.Inbox.
func (s *Store) Hear(ctx context.Context, projects []int64) error {
	return s.write(ctx, "noting projects", func(tx *bbolt.Tx) error {
		now := s.nowMicros()
		for _, project := range projects {
			if err := hear(tx, project, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// hear notes that a project was heard of, if that was not noted lately, and lets the one go that was silent for the longest.
func hear(tx *bbolt.Tx, project, now int64) error {
	projects, heard, meta := tx.Bucket(bucketProjects), tx.Bucket(bucketHeard), tx.Bucket(bucketMeta)
	key := numbered(project)
	old := projects.Get(key)
	switch {
	case old != nil && number(old)+inbox.HeardEvery.Microseconds() > now:
		return nil
	case old != nil:
		if err := heard.Delete(numbered(number(old), key...)); err != nil {
			return err
		}
	default:
		kept := int64(1)
		if v := meta.Get(metaProjects); v != nil {
			kept += number(v)
		}
		if kept > inbox.MaxProjects {
			kept--
			silent, _ := heard.Cursor().First()
			silent = bytes.Clone(silent)
			if err := heard.Delete(silent); err != nil {
				return err
			}
			if err := projects.Delete(silent[8:]); err != nil {
				return err
			}
		}
		if err := meta.Put(metaProjects, numbered(kept)); err != nil {
			return err
		}
	}
	if err := projects.Put(key, numbered(now)); err != nil {
		return err
	}
	return heard.Put(numbered(now, key...), nil)
}
