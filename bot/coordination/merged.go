package coordination

import (
	"context"
	"fmt"
	"time"
)

// Merge replaces a small named value, to which all processes add, by what merge makes of it; nil is none. It is kept for a time after the last
// call. merge must be free of effects: it is called again as often as another process was quicker. After an error it may have been merged all
// the same.
func (c *Coordinator) Merge(ctx context.Context, name string, keep time.Duration, merge func(old []byte) []byte) error {
	if err := validateName(name); err != nil {
		return fmt.Errorf("adding to a value: %w", err)
	}
	tooLong := 0
	err := c.change(ctx, c.durable, mergedName(name), keep, func(old []byte, _ time.Time) ([]byte, bool) {
		value := merge(old)
		tooLong = max(0, len(value)-MaxCheckpoint)
		return value, tooLong == 0
	})
	if err == nil && tooLong > 0 {
		err = fmt.Errorf("it is %d bytes too long", tooLong)
	}
	if err != nil {
		return fmt.Errorf("adding to %s: %w", name, err)
	}
	return nil
}

// Merged reads such a value, nil if there is none.
func (c *Coordinator) Merged(ctx context.Context, name string) ([]byte, error) {
	value, _, err := c.durable.Get(ctx, mergedName(name))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return value, nil
}

func mergedName(name string) string { return "merged/" + name }
