package sqlite

import (
	"context"
	"database/sql"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// keepLetter makes a dead letter of the batch, or adds it to the issue's earlier one.
func (t *tx) keepLetter(b *inbox.Batch, cause string, record []byte) error {
	args := []any{b.Issue.Project, b.Issue.Kind, b.Issue.IID, t.now, cause, b.Attempt, record, one(b.Woken)}
	there, err := t.exec(`UPDATE dead_letters SET buried = ?4, cause = ?5, attempts = ?6, record = ?7, woken = max(woken, ?8)
		WHERE project = ?1 AND kind = ?2 AND iid = ?3`, args...)
	if err != nil || there > 0 {
		return err
	}
	t.deadLetters++
	_, err = t.exec(`INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, args...)
	return err
}

func (s *Store) DeadLetters(ctx context.Context, limit int) ([]inbox.DeadLetter, error) {
	var all []inbox.DeadLetter
	doing := "reading the dead letters"
	err := s.read(ctx, doing, `SELECT project, kind, iid, buried, cause, attempts, record, woken FROM dead_letters ORDER BY buried DESC, project DESC, kind DESC, iid DESC
		LIMIT ?`, []any{max(0, limit)}, func(row *sql.Rows) error {
		var l inbox.DeadLetter
		var buried int64
		err := row.Scan(&l.Issue.Project, &l.Issue.Kind, &l.Issue.IID, &buried, &l.Cause, &l.Attempts, &l.Record, &l.Woken)
		l.DeadSince = milli(buried)
		all = append(all, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Deliveries, err = readDeliveries(&s.readers, all[i].Issue, true, 0, -1); err != nil {
			return nil, s.damage.unavailable(err)
		}
	}
	return all, nil
}

// Redrive implements inbox.Inbox. Deliveries keep their numbers, which are below those of whatever came later: that is the head.
func (s *Store) Redrive(ctx context.Context, issue triage.Ref) error {
	err := s.write(ctx, "reviving the dead letter of "+issue.String(), func(t *tx) error {
		woken, err := t.removeLetter(issue)
		if err != nil {
			return err
		}
		old, err := t.mailbox(issue)
		if err != nil {
			return err
		}
		back, err := t.exec(`UPDATE deliveries SET dead = 0 WHERE project = ? AND kind = ? AND iid = ? AND dead = 1`, issue.Project, issue.Kind, issue.IID)
		if err != nil {
			return err
		}
		m := old
		m.waiting += back
		if woken {
			m.wake, m.revived = t.now, m.token != 0
		}
		if m.token == 0 {
			m.rest(t.now)
		}
		return t.save(issue, old, m)
	})
	if err == nil {
		s.notifier.Notify()
	}
	return err
}

func (s *Store) DropDeadLetter(ctx context.Context, issue triage.Ref) error {
	return s.write(ctx, "dropping the dead letter of "+issue.String(), func(t *tx) error {
		if _, err := t.removeLetter(issue); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM deliveries WHERE project = ? AND kind = ? AND iid = ? AND dead = 1`, issue.Project, issue.Kind, issue.IID)
		return err
	})
}

// removeLetter takes a dead letter away, but for its deliveries. It refuses if the issue has none.
func (t *tx) removeLetter(issue triage.Ref) (woken bool, err error) {
	found, err := t.get(`DELETE FROM dead_letters WHERE project = ? AND kind = ? AND iid = ? RETURNING woken`, []any{issue.Project, issue.Kind, issue.IID}, &woken)
	if err == nil && !found {
		err = inbox.ErrNotFound
	}
	if err == nil {
		t.deadLetters--
	}
	return woken, err
}
