package gitlab

import (
	"context"
	"sync/atomic"
)

// countKey is the key of a context's counter.
type countKey struct{}

// CountCalls has all calls that are made with the context counted, those that fail included.
func CountCalls(ctx context.Context, calls *atomic.Int64) context.Context {
	return context.WithValue(ctx, countKey{}, calls)
}

// countCall counts a call that is made with the context.
func countCall(ctx context.Context) {
	if calls, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		calls.Add(1)
	}
}
