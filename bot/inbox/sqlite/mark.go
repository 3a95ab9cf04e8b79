package sqlite

import (
	"context"
	"fmt"

	"flowkeeper/bot/inbox"
)

func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	if err := inbox.ValidateName(name); err != nil {
		return nil, fmt.Errorf("reading a mark: %w", err)
	}
	var value []byte
	_, err := s.get(ctx, "reading the mark "+name, `SELECT value FROM marks WHERE name = ? AND expires > ?`, []any{name, s.nowMicros()}, &value)
	return value, err
}

// SetMark implements inbox.Inbox. Marks that expired go then: the program itself names them, so there are few.
func (s *Store) SetMark(ctx context.Context, name string, value []byte) error {
	if err := inbox.ValidateMark(name, value); err != nil {
		return fmt.Errorf("setting a mark: %w", err)
	}
	return s.write(ctx, "setting the mark "+name, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM marks WHERE name = ? OR expires <= ?`, name, t.now); err != nil || len(value) == 0 {
			return err
		}
		_, err := t.exec(`INSERT INTO marks VALUES (?, ?, ?)`, name, t.now+inbox.KeepMarks.Microseconds(), value)
		return err
	})
}
