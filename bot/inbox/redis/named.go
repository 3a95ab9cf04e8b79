package redis

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
)

// Turn implements inbox.Inbox.
func (s *Store) Turn(ctx context.Context, name, holder string, lease time.Duration) (bool, error) {
	doing := "asking for the turn of " + name
	if err := inbox.ValidateTurn(name, holder, lease); err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	r, err := s.run(ctx, doing, turnScript, []string{s.keys.turn(name)}, s.clockOffset(), holder, millis(lease))
	if err != nil {
		return false, err
	}
	return r.number(0) == 1, nil
}
