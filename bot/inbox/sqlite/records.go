package sqlite

import (
	"context"
	"database/sql"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// keepRecord adds a record and lets the oldest go, of the issue and of all.
func (t *tx) keepRecord(issue triage.Ref, body []byte) error {
	if body == nil {
		return nil
	}
	if _, err := t.exec(`INSERT INTO records (project, kind, iid, at, body) VALUES (?, ?, ?, ?, ?)`, issue.Project, issue.Kind, issue.IID, t.now, body); err != nil {
		return err
	}
	gone, err := t.exec(`DELETE FROM records WHERE n IN
		(SELECT n FROM records WHERE project = ? AND kind = ? AND iid = ? ORDER BY n DESC LIMIT -1 OFFSET ?)`, issue.Project, issue.Kind, issue.IID, inbox.RecordsPerIssue)
	if err != nil {
		return err
	}
	t.records += 1 - gone
	if t.records <= inbox.RecordsOverall {
		return nil
	}
	gone, err = t.exec(`DELETE FROM records WHERE n IN (SELECT n FROM records ORDER BY n LIMIT ?)`, t.records-inbox.RecordsOverall)
	t.records -= gone
	return err
}

func (s *Store) Records(ctx context.Context, issue triage.Ref, limit int) ([]inbox.Record, error) {
	return s.records(ctx, "reading the records of "+issue.String(),
		`SELECT project, kind, iid, at, body FROM records WHERE project = ? AND kind = ? AND iid = ? ORDER BY n DESC LIMIT ?`, issue.Project, issue.Kind, issue.IID, max(0, limit))
}

func (s *Store) RecentRecords(ctx context.Context, limit int) ([]inbox.Record, error) {
	return s.records(ctx, "reading the newest records", `SELECT project, kind, iid, at, body FROM records ORDER BY n DESC LIMIT ?`, max(0, limit))
}

func (s *Store) records(ctx context.Context, doing, query string, args ...any) ([]inbox.Record, error) {
	var all []inbox.Record
	err := s.read(ctx, doing, query, args, func(row *sql.Rows) error {
		var r inbox.Record
		var at int64
		err := row.Scan(&r.Issue.Project, &r.Issue.Kind, &r.Issue.IID, &at, &r.Body)
		r.At = milli(at)
		all = append(all, r)
		return err
	})
	return all, err
}
