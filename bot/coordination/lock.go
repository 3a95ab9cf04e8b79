package coordination

import (
	"context"
	"fmt"
	"time"
)

// TryLock gives the lock with this name to one holder at a time, in the whole fleet, for as long as the lease from now on. Its holder
// prolongs or shortens it with another call. False if somebody else has it. A holder is one process: what starts anew has a new name.
func (c *Coordinator) TryLock(ctx context.Context, name, holder string, lease time.Duration) (held bool, err error) {
	doing := "asking for the lock " + name
	if err := validateLock(name, holder, lease); err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	err = c.change(ctx, c.volatile, "lock/"+name, lease, func(old []byte, _ time.Time) ([]byte, bool) {
		held = len(old) == 0 || string(old) == holder
		return []byte(holder), held
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	return held, nil
}

func validateLock(name, holder string, lease time.Duration) error {
	if err := validateName(name); err != nil {
		return err
	}
	if err := validateName(holder); err != nil {
		return fmt.Errorf("the holder: %w", err)
	}
	if lease < time.Millisecond {
		return fmt.Errorf("the lease is %s: it must be at least a millisecond", lease)
	}
	return nil
}
