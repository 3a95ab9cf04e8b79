package redis

import (
	"context"
	"time"
)

func (s *Store) Get(ctx context.Context, name string) ([]byte, time.Time, error) {
	r, err := s.run(ctx, "reading a value", getScript, []string{s.keys.value(name), s.keys.numbers()}, s.clock())
	if err != nil {
		return nil, time.Time{}, err
	}
	now := time.UnixMilli(r.number(1))
	if r.text(0) == "" {
		return nil, now, nil
	}
	return r.bytes(0), now, nil
}

func (s *Store) CompareAndSwap(ctx context.Context, name string, old, value []byte, ttl time.Duration) (bool, error) {
	r, err := s.run(ctx, "swapping a value", swapScript, []string{s.keys.value(name), s.keys.numbers()}, s.clock(), old, value, millis(ttl))
	return r.number(0) == 1, err
}
