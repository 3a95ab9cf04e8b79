package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"flowkeeper/bot/inbox"
)

// Mark implements inbox.Inbox.
func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	if err := inbox.ValidateName(name); err != nil {
		return nil, fmt.Errorf("reading a mark: %w", err)
	}
	var value []byte
	err := s.read(ctx, "reading the mark "+name, func(tx *bbolt.Tx) error {
		value = marks.get(tx, []byte(name), s.nowMicros())
		return nil
	})
	return value, err
}

// SetMark implements inbox.Inbox.
func (s *Store) SetMark(ctx context.Context, name string, value []byte) error {
	if err := inbox.ValidateMark(name, value); err != nil {
		return fmt.Errorf("setting a mark: %w", err)
	}
	return s.write(ctx, "setting the mark "+name, func(tx *bbolt.Tx) error {
		if len(value) == 0 {
			return marks.delete(tx, []byte(name))
		}
		return marks.put(tx, []byte(name), value, s.nowMicros()+inbox.KeepMarks.Microseconds())
	})
}
