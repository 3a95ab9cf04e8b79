package sqlite

import (
	"context"
	"time"

	"flowkeeper/bot/inbox"
)

// Stats implements inbox.Inbox. It counts nothing that grows with the queue.
func (s *Store) Stats(ctx context.Context) (inbox.Stats, error) {
	var stats inbox.Stats
	var next *int64
	now := s.nowMicros()
	_, err := s.get(ctx, "counting what waits in the inbox", `SELECT (SELECT count(*) FROM mailboxes WHERE token <> 0 AND lease_until > ?),
		(SELECT count(*) FROM dead_letters), (SELECT min(next) FROM mailboxes)`, []any{now}, &stats.Leased, &stats.DeadLetters, &next)
	if err != nil {
		return inbox.Stats{}, err
	}
	counted := s.writer.committed.Load()
	stats.Issues, stats.Deliveries = int(counted.issues), int(counted.deliveries)
	if next != nil {
		stats.Oldest = inbox.Overdue(time.Duration(now-*next) * time.Microsecond)
	}
	return stats, nil
}
