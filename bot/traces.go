package bot

import (
	"context"

	"go.uber.org/zap"

	"flowkeeper/bot/tracing"
)

func openTraces(ctx context.Context, o Options) (*tracing.Tracer, error) {
	t := o.Traces
	t.Version, t.Log = o.Version, o.Log
	return tracing.Open(ctx, t)
}

// closeTraces sends the last traces, within a part of the time that Stop has. Traces that nobody takes keep nobody from stopping.
func (a *App) closeTraces(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.o.Drain/4)
	defer cancel()
	if err := a.traces.Close(ctx); err != nil {
		a.o.Log.Warn("the last traces are dropped", zap.Error(err))
	}
	return nil
}
