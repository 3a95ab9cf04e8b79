package tracing

import "context"

// Flush sends what was traced so far, until ctx ends.
func (t *Tracer) Flush(ctx context.Context) error { return t.provider.ForceFlush(ctx) }
