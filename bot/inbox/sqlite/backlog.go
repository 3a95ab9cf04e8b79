package sqlite

import (
	"context"
	"database/sql"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// The methods here need no lease. They are for a store whose mailboxes nobody claims, because its one owner moves all deliveries on: the
// spool. Reading writes nothing, so it goes on while the disk is full.

// Backlog is what waits in one mailbox.
type Backlog struct {
	Issue      triage.Ref
	Deliveries int
	Bytes      int64 // of their bodies
}

// Backlogs lists what waits in each mailbox, the one with the oldest delivery first.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	var all []Backlog
	err := s.read(ctx, "listing what waits", `SELECT project, kind, iid, count(*), sum(length(body)) FROM deliveries WHERE dead = 0
		GROUP BY project, kind, iid ORDER BY min(seq)`, nil, func(row *sql.Rows) error {
		var b Backlog
		err := row.Scan(&b.Issue.Project, &b.Issue.Kind, &b.Issue.IID, &b.Deliveries, &b.Bytes)
		all = append(all, b)
		return err
	})
	return all, err
}

// Oldest reads the oldest deliveries in a mailbox whose numbers are above after, at most limit.
func (s *Store) Oldest(ctx context.Context, issue triage.Ref, after int64, limit int) ([]inbox.Message, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	all, err := readDeliveries(&s.readers, issue, false, after, limit)
	if err != nil {
		return nil, s.damage.unavailable(err)
	}
	return all, nil
}

// Knows reports whether a delivery with the key was accepted within KeepKeys.
func (s *Store) Knows(ctx context.Context, key string) (known bool, err error) {
	_, err = s.get(ctx, "looking for a delivery's key", `SELECT EXISTS (SELECT 1 FROM dedup WHERE key = ? AND at > ? - `+keepKeys+`)`,
		[]any{digest(key), s.nowMicros()}, &known)
	return known, err
}

// Remove takes the deliveries out of mailboxes whose numbers are at most those given for them.
func (s *Store) Remove(ctx context.Context, last map[triage.Ref]int64) error {
	return s.write(ctx, "removing what was moved on", func(t *tx) error {
		for issue, number := range last {
			if err := t.unqueue(issue, `DELETE FROM deliveries WHERE project = ? AND kind = ? AND iid = ? AND dead = 0 AND seq <= ?`, number); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetAside moves one delivery out of its mailbox to the issue's dead letter.
func (s *Store) SetAside(ctx context.Context, issue triage.Ref, number int64, cause string) error {
	return s.write(ctx, "setting aside a delivery of "+issue.String(), func(t *tx) error {
		if err := t.keepLetter(&inbox.Batch{Issue: issue}, cause, nil); err != nil {
			return err
		}
		return t.unqueue(issue, `UPDATE deliveries SET dead = 1 WHERE project = ? AND kind = ? AND iid = ? AND dead = 0 AND seq = ?`, number)
	})
}

// unqueue takes deliveries out of a mailbox that nobody holds.
func (t *tx) unqueue(issue triage.Ref, query string, number int64) error {
	old, err := t.mailbox(issue)
	if err != nil {
		return err
	}
	gone, err := t.exec(query, issue.Project, issue.Kind, issue.IID, number)
	if err != nil {
		return err
	}
	m := old
	m.waiting -= gone
	m.rest(t.now)
	return t.save(issue, old, m)
}

// Failure says why nothing can be written, nil if something can, as far as is known: the file is damaged, or the last write failed, which is
// tried again without anybody asking.
func (s *Store) Failure() error {
	if err := s.damage.err(); err != nil {
		return err
	}
	if err := s.writer.failed.Load(); err != nil {
		return explain(*err)
	}
	return nil
}
