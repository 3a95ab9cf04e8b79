package redis

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
)

func (s *Store) Count(ctx context.Context, u inbox.Use) (inbox.Counted, error) {
	if err := u.Validate(); err != nil {
		return inbox.Counted{}, fmt.Errorf("counting a use: %w", err)
	}
	r, err := s.run(ctx, "counting a use of "+u.Who, countScript,
		[]string{s.keys.uses(u.Who), s.keys.refused(u.Who), s.keys.numbers()},
		s.clock(), digest(u.ID), u.Limit, millis(u.Window), inbox.KeepUses.Milliseconds(), inbox.MaxUses)
	if err != nil {
		return inbox.Counted{}, err
	}
	return inbox.Counted{Allowed: r.number(0) == 1, Again: time.Duration(r.number(1)) * time.Millisecond}, nil
}
