package sqlite

import (
	"strconv"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// mailboxState is a row of mailboxes. Times are in microseconds, 0 is none.
type mailboxState struct {
	due     int64
	wake    int64
	token   int64
	until   int64
	attempt int64
	waiting int64
	delayed bool
	revived bool
	cause   string
}

// free ends the lease.
func (m *mailboxState) free() { m.token, m.until = 0, 0 }

// rest starts the count of attempts anew and makes what is still in the mailbox due.
func (m *mailboxState) rest(now int64) {
	m.attempt, m.cause, m.delayed, m.due = 0, "", false, 0
	if m.waiting > 0 {
		m.due = now
	}
}

// idle reports whether the issue waits for nothing.
func (m mailboxState) idle() bool { return m.token == 0 && m.due == 0 && (m.wake == 0 || m.delayed) }

// mailbox reads an issue's state; one that waits for nothing is the zero state.
func (t *tx) mailbox(ref triage.Ref) (m mailboxState, err error) {
	_, err = t.get(`SELECT due, wake, token, lease_until, attempt, waiting, delayed, revived, cause FROM mailboxes WHERE project = ? AND kind = ? AND iid = ?`,
		[]any{ref.Project, ref.Kind, ref.IID}, &m.due, &m.wake, &m.token, &m.until, &m.attempt, &m.waiting, &m.delayed, &m.revived, &m.cause)
	return m, err
}

// save writes a state back. A mailbox that waits for nothing is removed.
func (t *tx) save(ref triage.Ref, old, m mailboxState) error {
	t.deliveries += m.waiting - old.waiting
	t.issues += one(m.waiting > 0) - one(old.waiting > 0)
	if m.idle() {
		_, err := t.exec(`DELETE FROM mailboxes WHERE project = ? AND kind = ? AND iid = ?`, ref.Project, ref.Kind, ref.IID)
		return err
	}
	_, err := t.exec(`INSERT INTO mailboxes (project, kind, iid, due, wake, token, lease_until, attempt, waiting, delayed, revived, cause)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET
		due = ?4, wake = ?5, token = ?6, lease_until = ?7, attempt = ?8, waiting = ?9, delayed = ?10, revived = ?11, cause = ?12`,
		ref.Project, ref.Kind, ref.IID, m.due, m.wake, m.token, m.until, m.attempt, m.waiting, one(m.delayed), one(m.revived), m.cause)
	return err
}

// How a delivery leaves a mailbox.
const (
	removed = `DELETE FROM deliveries WHERE seq = ? AND project = ? AND kind = ? AND iid = ? AND dead = 0`
	buried  = `UPDATE deliveries SET dead = 1 WHERE seq = ? AND project = ? AND kind = ? AND iid = ? AND dead = 0`
)

// takeOut takes deliveries out of a mailbox; those that are not there are none.
func (t *tx) takeOut(m *mailboxState, ref triage.Ref, some []inbox.Message, how string) error {
	for _, d := range some {
		gone, err := t.exec(how, d.Seq, ref.Project, ref.Kind, ref.IID)
		if err != nil {
			return err
		}
		m.waiting -= gone
	}
	return nil
}

// held reads the state of a batch's issue and refuses if its lease is not the batch's any more.
func (t *tx) held(b *inbox.Batch) (mailboxState, error) {
	m, err := t.mailbox(b.Issue)
	if err != nil {
		return mailboxState{}, err
	}
	if b.FencingToken == 0 || m.token != b.FencingToken {
		return mailboxState{}, inbox.ErrLeaseLost
	}
	return m, nil
}

// micros is a duration as it stands in a query.
func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
