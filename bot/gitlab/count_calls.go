package gitlab

import (
	"context"
	"sync/atomic"
)

// countKey is the key of a context's counter.
type countKey struct{}

// counter is what a context's calls are added to, and the counter of the context that it was made of.
type counter struct {
	calls *atomic.Int64
	outer *counter
}

// CountCalls has all calls that are made with the context counted, those that fail included. A counter that the context has already counts on.
func CountCalls(ctx context.Context, calls *atomic.Int64) context.Context {
	outer, _ := ctx.Value(countKey{}).(*counter)
	return context.WithValue(ctx, countKey{}, &counter{calls, outer})
}

// countCall counts a call that is made with the context.
func countCall(ctx context.Context) {
	for c, _ := ctx.Value(countKey{}).(*counter); c != nil; c = c.outer {
		c.calls.Add(1)
	}
}
