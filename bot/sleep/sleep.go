// Package sleep waits without keeping a process from ending.
package sleep

import (
	"context"
	"time"
)

// For waits for a duration, or less if ctx ends, and reports whether ctx goes on. A duration of 0 or less does not wait.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
