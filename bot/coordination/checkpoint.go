package coordination

import (
	"context"
	"fmt"
	"time"
)

const (
	// MaxCheckpoint is how many bytes a checkpoint may have.
	MaxCheckpoint = 4096
	// KeepCheckpoints is how long a checkpoint outlives its last setting.
	KeepCheckpoints = 90 * 24 * time.Hour
)

// Checkpoint reads how far something has come: a small named value. It is nil if there is none, or none was set in KeepCheckpoints.
func (c *Coordinator) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	if err := validateName(name); err != nil {
		return nil, fmt.Errorf("reading a checkpoint: %w", err)
	}
	value, _, err := c.durable.Get(ctx, checkpointName(name))
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint %s: %w", name, err)
	}
	return value, nil
}

// SetCheckpoint sets it, whatever it was. An empty value forgets it.
func (c *Coordinator) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	if err := validateName(name); err != nil {
		return fmt.Errorf("setting a checkpoint: %w", err)
	}
	if len(value) > MaxCheckpoint {
		return fmt.Errorf("setting the checkpoint %s: it has %d bytes and may have %d", name, len(value), MaxCheckpoint)
	}
	err := c.change(ctx, c.durable, checkpointName(name), KeepCheckpoints, func(old []byte, _ time.Time) ([]byte, bool) {
		return value, len(old)+len(value) > 0
	})
	if err != nil {
		return fmt.Errorf("setting the checkpoint %s: %w", name, err)
	}
	return nil
}

// SwapCheckpoint sets a checkpoint if it still has the old value, and reports whether it had: of all who try with the same old value one
// succeeds. An old value of no bytes is none, a new one of no bytes forgets it. After an error it may be set all the same.
func (c *Coordinator) SwapCheckpoint(ctx context.Context, name string, old, value []byte) (swapped bool, err error) {
	if err := validateName(name); err != nil {
		return false, fmt.Errorf("replacing a checkpoint: %w", err)
	}
	if len(value) > MaxCheckpoint {
		return false, fmt.Errorf("replacing the checkpoint %s: it has %d bytes and may have %d", name, len(value), MaxCheckpoint)
	}
	swapped, err = c.durable.CompareAndSwap(ctx, checkpointName(name), old, value, KeepCheckpoints)
	if err != nil {
		return false, fmt.Errorf("replacing the checkpoint %s: %w", name, err)
	}
	return swapped, nil
}

func checkpointName(name string) string { return "checkpoint/" + name }
