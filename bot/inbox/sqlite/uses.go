package sqlite

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
	var counted inbox.Counted
	err := s.write(ctx, "counting a use of "+u.Who, func(t *tx) (err error) {
		counted, err = t.count(u)
		return err
	})
	if err != nil {
		return inbox.Counted{}, err
	}
	return counted, nil
}

func (t *tx) count(u inbox.Use) (inbox.Counted, error) {
	again, err := t.untilRoom(u)
	if err != nil {
		return inbox.Counted{}, err
	}
	var allowed bool
	known, err := t.get(`SELECT allowed FROM uses WHERE who = ? AND id = ? AND at > ? - `+keepUses+` ORDER BY n DESC LIMIT 1`,
		[]any{u.Who, u.ID, t.now}, &allowed)
	switch {
	case err != nil:
		return inbox.Counted{}, err
	case known && allowed:
		return inbox.Counted{Allowed: true}, nil
	case known:
		return inbox.Counted{Again: again}, nil
	}
	allowed = again == 0
	if _, err := t.exec(`INSERT INTO uses (who, id, at, allowed) VALUES (?, ?, ?, ?)`, u.Who, u.ID, t.now, one(allowed)); err != nil {
		return inbox.Counted{}, err
	}
	_, err = t.exec(`DELETE FROM uses WHERE n IN (SELECT n FROM uses WHERE who = ? AND allowed = ? ORDER BY n DESC LIMIT -1 OFFSET ?)`,
		u.Who, one(allowed), inbox.MaxUses)
	return inbox.Counted{Allowed: allowed, Again: again}, err
}

// untilRoom is how long it takes until the window holds fewer uses than the limit, 0 if it does.
func (t *tx) untilRoom(u inbox.Use) (time.Duration, error) {
	var at int64
	full, err := t.get(`SELECT at FROM uses WHERE who = ?1 AND allowed = 1 AND at > ?2 - ?3 AND at > ?2 - `+keepUses+` ORDER BY at DESC LIMIT 1 OFFSET ?4`,
		[]any{u.Who, t.now, u.Window.Microseconds(), u.Limit - 1}, &at)
	if err != nil || !full {
		return 0, err
	}
	return time.Duration(at+u.Window.Microseconds()-t.now) * time.Microsecond, nil
}
