package worker

import (
	"context"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/tracing"
)

// beginTrace goes on with the traces of the batch's deliveries, whichever replicas took them. What the bot looks at by itself has a trace of its own.
func (p *Pool) beginTrace(ctx context.Context, batch *inbox.Batch, began time.Time) (context.Context, tracing.Span) {
	if p.o.Traces == nil {
		return ctx, tracing.Span{}
	}
	var parents []string
	for _, d := range batch.Deliveries {
		parents = append(parents, record.TraceParent(d.Body))
	}
	ctx, span := p.o.Traces.Process(ctx, "job", began, parents)
	span.Text("flowkeeper.issue", batch.Issue.String())
	span.Number("flowkeeper.deliveries", int64(len(batch.Deliveries)))
	span.Number("flowkeeper.attempt", int64(batch.Attempt))
	if len(batch.Deliveries) > 0 { // by the store's clock, which may differ from ours
		span.Seconds("flowkeeper.wait_seconds", max(0, began.Sub(batch.Deliveries[0].EnqueuedAt)))
	}
	return ctx, span
}

// describe says on a span what became of the job: by how much, not in which words.
func (j *job) describe(span tracing.Span, result string) {
	if !span.IsOn() {
		return
	}
	span.Text("flowkeeper.result", result)
	span.Texts("flowkeeper.rules", j.notableRules())
	span.Number("flowkeeper.writes", int64(len(j.effects.did)))
	span.Number("flowkeeper.calls", j.calls.Load())
	if !isFinal(result) || result == "buried" || result == "stopped" {
		span.Fail(result)
	}
}
