package sqlite

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"flowkeeper/bot/inbox"
)

// turns are who has which job. The file has one process at a time, and the turns of an earlier one are void: they stay in memory.
type turns struct {
	mu   sync.Mutex
	held map[string]turn
}

type turn struct {
	holder string
	until  int64
}

func (s *Store) Turn(ctx context.Context, name, holder string, lease time.Duration) (bool, error) {
	doing := "asking for the turn of " + name
	if err := inbox.ValidateTurn(name, holder, lease); err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	if err := s.usable(ctx); err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	now := s.nowMicros()
	return s.turns.take(name, turn{holder, now + lease.Microseconds()}, now), nil
}

func (t *turns) take(name string, wanted turn, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.held, func(_ string, over turn) bool { return over.until <= now })
	if other, taken := t.held[name]; taken && other.holder != wanted.holder {
		return false
	}
	if t.held == nil {
		t.held = make(map[string]turn)
	}
	t.held[name] = wanted
	return true
}
