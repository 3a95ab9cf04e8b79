package sqlite

import (
	"bytes"
	"context"
	"time"
)

func (s *Store) Get(ctx context.Context, name string) (value []byte, now time.Time, err error) {
	now = s.now()
	_, err = s.get(ctx, "reading a value", `SELECT value FROM coordination WHERE name = ? AND expires > ?`, []any{name, now.UnixMicro()}, &value)
	return value, now, err
}

func (s *Store) CompareAndSwap(ctx context.Context, name string, old, value []byte, ttl time.Duration) (bool, error) {
	var swapped bool
	err := s.write(ctx, "swapping a value", func(t *tx) error {
		var current []byte
		if _, err := t.get(`SELECT value FROM coordination WHERE name = ? AND expires > ?`, []any{name, t.now}, &current); err != nil {
			return err
		}
		if swapped = bytes.Equal(current, old); !swapped {
			return nil
		}
		if len(value) == 0 {
			_, err := t.exec(`DELETE FROM coordination WHERE name = ?`, name)
			return err
		}
		_, err := t.exec(`INSERT INTO coordination VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET expires = ?2, value = ?3`,
			name, t.now+ttl.Microseconds(), value)
		return err
	})
	if err != nil {
		return false, err // the writer may be at it still
	}
	return swapped, nil
}
