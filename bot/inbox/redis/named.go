package redis

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/inbox"
)

func (s *Store) Turn(ctx context.Context, name, holder string, lease time.Duration) (bool, error) {
	doing := "asking for the turn of " + name
	if err := inbox.ValidateTurn(name, holder, lease); err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	r, err := s.run(ctx, doing, turnScript, []string{s.keys.turn(name), s.keys.numbers()}, s.clock(), holder, millis(lease))
	if err != nil {
		return false, err
	}
	return r.number(0) == 1, nil
}

func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	if err := inbox.ValidateName(name); err != nil {
		return nil, fmt.Errorf("reading a mark: %w", err)
	}
	r, err := s.run(ctx, "reading the mark "+name, markScript, []string{s.keys.mark(name), s.keys.numbers()}, s.clock())
	return r.bytes(0), err
}

func (s *Store) SetMark(ctx context.Context, name string, value []byte) error {
	if err := inbox.ValidateMark(name, value); err != nil {
		return fmt.Errorf("setting a mark: %w", err)
	}
	_, err := s.run(ctx, "setting the mark "+name, setMarkScript, []string{s.keys.mark(name), s.keys.numbers()},
		s.clock(), value, inbox.KeepMarks.Milliseconds())
	return err
}
