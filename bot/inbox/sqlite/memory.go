package sqlite

import (
	"context"
	"database/sql"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

const selectMemory = `SELECT body FROM memories WHERE project = ? AND kind = ? AND iid = ? AND expires > ?`

// memory is what is remembered of an issue, nil if there is nothing.
func (t *tx) memory(issue triage.Ref) (body []byte, err error) {
	_, err = t.get(selectMemory, []any{issue.Project, issue.Kind, issue.IID, t.now}, &body)
	return body, err
}

func (s *Store) Memories(ctx context.Context, issues []triage.Ref) ([][]byte, error) {
	all, now := make([][]byte, len(issues)), s.nowMicros()
	for n, issue := range issues {
		args := []any{issue.Project, issue.Kind, issue.IID, now}
		err := s.read(ctx, "reading the memory of "+issue.String(), selectMemory, args, func(row *sql.Rows) error { return row.Scan(&all[n]) })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// keepMemory replaces the issue's memory, or keeps it if the new one is nil, and starts its time anew.
func (t *tx) keepMemory(issue triage.Ref, body []byte) error {
	expires := t.now + inbox.KeepMemory.Microseconds()
	if body == nil {
		_, err := t.exec(`UPDATE memories SET expires = ? WHERE project = ? AND kind = ? AND iid = ? AND expires > ?`,
			expires, issue.Project, issue.Kind, issue.IID, t.now)
		return err
	}
	_, err := t.exec(`INSERT INTO memories (project, kind, iid, expires, body) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT DO UPDATE SET expires = ?4, body = ?5`, issue.Project, issue.Kind, issue.IID, expires, body)
	return err
}
