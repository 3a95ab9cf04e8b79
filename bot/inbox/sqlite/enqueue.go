package sqlite

import (
	"context"
	"crypto/sha256"
	"fmt"

	"flowkeeper/bot/inbox"
)

func (s *Store) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("accepting a delivery: %w", err)
	}
	var outcome inbox.Outcome
	err := s.write(ctx, "accepting a delivery of "+d.Issue.String(), func(t *tx) (err error) {
		outcome, err = s.accept(t, d)
		return err
	})
	if err != nil {
		return "", err
	}
	if outcome == inbox.Stored {
		s.notifier.Notify()
	}
	return outcome, nil
}

func (s *Store) accept(t *tx, d inbox.Delivery) (inbox.Outcome, error) {
	key, content := digest(d.IdempotencyKey), digest(d.ContentKey)
	var knownKey, knownContent bool
	if key != nil || content != nil {
		if _, err := t.get(`SELECT EXISTS (SELECT 1 FROM dedup WHERE key = ?2 AND at > ?1 - `+keepKeys+`),
			EXISTS (SELECT 1 FROM dedup WHERE content = ?3 AND at > ?1 - `+keepContents+`)`,
			[]any{t.now, key, content}, &knownKey, &knownContent); err != nil {
			return "", err
		}
	}
	if knownKey {
		return inbox.Duplicate, nil
	}
	outcome := inbox.Duplicate
	if knownContent {
		content = nil // what it says goes on being suppressed from its first delivery on
	} else {
		outcome = inbox.Stored
		if s.max > 0 && t.deliveries >= s.max {
			return "", fmt.Errorf("%d wait: %w", s.max, inbox.ErrFull)
		}
		if err := t.store(d); err != nil {
			return "", err
		}
	}
	if key == nil && content == nil {
		return outcome, nil
	}
	_, err := t.exec(`INSERT INTO dedup (at, key, content) VALUES (?, ?, ?)`, t.now, key, content)
	return outcome, err
}

// store appends to the mailbox and schedules it, unless a lease or a retry has the say.
func (t *tx) store(d inbox.Delivery) error {
	t.seq++
	if _, err := t.exec(`INSERT INTO deliveries (seq, project, kind, iid, id, accepted, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		t.seq, d.Issue.Project, d.Issue.Kind, d.Issue.IID, d.ID, t.now, blob(d.Body)); err != nil {
		return err
	}
	var waiting int64
	if _, err := t.get(`INSERT INTO mailboxes (project, kind, iid, due, waiting) VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT DO UPDATE SET
		waiting = waiting + 1,
		due = CASE WHEN token <> 0 OR delayed <> 0 THEN due WHEN due = 0 THEN ?4 ELSE min(due, ?4) END
		RETURNING waiting`,
		[]any{d.Issue.Project, d.Issue.Kind, d.Issue.IID, t.now + d.Delay.Microseconds()}, &waiting); err != nil {
		return err
	}
	t.deliveries++
	t.issues += one(waiting == 1)
	return t.touch(d.Issue.Project)
}

// digest stands for a delivery's key or for what it says; nil for none. Keys come from outside and may be long; 16 bytes of SHA-256 tell them
// apart.
func digest(key string) []byte {
	if key == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(key))
	return sum[:16]
}
