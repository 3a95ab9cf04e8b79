package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// Claim implements inbox.Inbox. It sleeps until the next issue is due or the notifier wakes it.
func (s *Store) Claim(ctx context.Context, wait time.Duration) (*inbox.Batch, error) {
	defer s.notifier.Notify() // whoever waits beside us looks at what we saw
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		next, err := s.nextDue(ctx)
		if err != nil {
			return nil, err
		}
		if next == 0 {
			batch, err := s.leaseDue(ctx)
			if batch != nil || err != nil {
				return batch, err
			}
			continue // another one was quicker
		}
		if wait <= 0 {
			return nil, nil
		}
		if look, err := s.notifier.Wait(ctx, next, over.C, s.life.Done()); !look || err != nil {
			return nil, err
		}
	}
}

// nextDue is how long it takes until an issue is due: 0 if one is, negative if none is waited for.
func (s *Store) nextDue(ctx context.Context) (time.Duration, error) {
	var next int64
	found, err := s.get(ctx, "looking for an issue to claim", `SELECT next FROM mailboxes ORDER BY next LIMIT 1`, nil, &next)
	if err != nil || !found {
		return -1, err
	}
	return time.Duration(max(0, next-s.nowMicros())) * time.Microsecond, nil
}

// leaseDue leases an issue that is due, or returns nil if another claim took it.
func (s *Store) leaseDue(ctx context.Context) (*inbox.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("claiming an issue: %w", err)
	}
	var batch *inbox.Batch
	// The lease is taken or not, but never without somebody who knows: the answer is waited for.
	err := s.write(context.WithoutCancel(ctx), "claiming an issue", func(t *tx) (err error) {
		batch, err = s.claim(t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return batch, nil
}

// claim leases the most overdue issue, if one is due.
func (s *Store) claim(t *tx) (*inbox.Batch, error) {
	b := &inbox.Batch{FencingToken: t.token + 1, StoreCreatedAt: s.began}
	until := t.now + s.lease.Microseconds()
	var wake, before int64
	found, err := t.get(`SELECT project, kind, iid, wake, attempt + 1, cause, token FROM mailboxes WHERE next <= ? ORDER BY next LIMIT 1`,
		[]any{t.now}, &b.Issue.Project, &b.Issue.Kind, &b.Issue.IID, &wake, &b.Attempt, &b.LastError, &before)
	if err != nil || !found {
		return nil, err
	}
	if _, err := t.exec(`UPDATE mailboxes SET token = ?, lease_until = ?, attempt = ?, revived = 0 WHERE project = ? AND kind = ? AND iid = ?`,
		b.FencingToken, until, b.Attempt, b.Issue.Project, b.Issue.Kind, b.Issue.IID); err != nil {
		return nil, err
	}
	t.token, b.Abandoned = b.FencingToken, before != 0
	b.LeaseUntil, b.Woken = time.UnixMicro(until), wake != 0 && wake <= t.now
	if b.Memory, err = t.memory(b.Issue); err != nil {
		return nil, err
	}
	b.Deliveries, err = readDeliveries(t.statements, b.Issue, false, 0, -1)
	return b, err
}

// readDeliveries reads what is in an issue's mailbox or in its dead letter and has a number above after, the oldest first, at most limit;
// below 0 is all.
func readDeliveries(q *statements, issue triage.Ref, dead bool, after int64, limit int) ([]inbox.Message, error) {
	var all []inbox.Message
	err := q.each(`SELECT seq, id, accepted, body FROM deliveries WHERE project = ? AND kind = ? AND iid = ? AND dead = ? AND seq > ?
		ORDER BY seq LIMIT ?`,
		[]any{issue.Project, issue.Kind, issue.IID, one(dead), after, limit}, func(row *sql.Rows) error {
			var d inbox.Message
			var accepted int64
			err := row.Scan(&d.Seq, &d.ID, &accepted, &d.Body)
			d.EnqueuedAt = milli(accepted)
			all = append(all, d)
			return err
		})
	return all, err
}
