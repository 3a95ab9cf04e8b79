package sqlite

import (
	"context"
	"time"

	"flowkeeper/bot/inbox"
)

// Stats counts nothing that grows: what is leased is as much as there are workers, the rest is counted as it changes.
func (s *Store) Stats(ctx context.Context) (inbox.Stats, error) {
	var stats inbox.Stats
	var next *int64
	now := s.nowMicros()
	_, err := s.get(ctx, "counting what waits in the inbox", `SELECT (SELECT count(*) FROM mailboxes WHERE token <> 0 AND lease_until > ?),
		(SELECT min(next) FROM mailboxes)`, []any{now}, &stats.Leased, &next)
	if err != nil {
		return inbox.Stats{}, err
	}
	counted := s.writer.committed.Load()
	stats.Issues, stats.Deliveries, stats.DeadLetters = int(counted.issues), int(counted.deliveries), int(counted.deadLetters)
	if next != nil {
		stats.Oldest = inbox.Overdue(time.Duration(now-*next) * time.Microsecond)
	}
	return stats, nil
}
