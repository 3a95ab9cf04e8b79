package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Span is a step of a trace. The zero value is none.
type Span struct{ span trace.Span }

// Receive begins the step that takes a request. It goes on with the trace of its sender if that names a valid W3C trace parent.
func (t *Tracer) Receive(ctx context.Context, name string, began time.Time, parent string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	return t.begin(ctx, name, began, trace.SpanKindServer, []string{parent})
}

// Process begins the step that handles what was received: parents are the trace parents that were kept of it. The step belongs to the trace of
// the first one that is valid and is linked to the others; without one it begins a trace of its own.
func (t *Tracer) Process(ctx context.Context, name string, began time.Time, parents []string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	return t.begin(ctx, name, began, trace.SpanKindConsumer, parents)
}

func (t *Tracer) begin(ctx context.Context, name string, began time.Time, kind trace.SpanKind, parents []string) (context.Context, Span) {
	options := []trace.SpanStartOption{trace.WithTimestamp(began), trace.WithSpanKind(kind)}
	begun := false
	for _, p := range parents {
		of := parse(p)
		switch {
		case !of.IsValid():
		case !begun:
			ctx, begun = trace.ContextWithRemoteSpanContext(ctx, of), true
		default:
			options = append(options, trace.WithLinks(trace.Link{SpanContext: of}))
		}
	}
	if !begun {
		options = append(options, trace.WithNewRoot())
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, Span{span}
}

// Start begins a step within the one that the context is in, if any.
func Start(ctx context.Context, name string) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindInternal)
}

// StartCall is Start for a step that another system takes.
func StartCall(ctx context.Context, name string) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindClient)
}

func start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Span) {
	within := trace.SpanFromContext(ctx)
	if !within.IsRecording() {
		return ctx, Span{}
	}
	ctx, span := within.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{span}
}

// scope names the bot's own spans.
const scope = "flowkeeper"

// IsOn reports whether anything is done with what the span is told.
func (s Span) IsOn() bool { return s.span != nil && s.span.IsRecording() }

// Text sets an attribute to a word of the bot's own.
func (s Span) Text(key, value string) {
	if s.IsOn() {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Texts sets an attribute to words of the bot's own.
func (s Span) Texts(key string, values []string) {
	if s.IsOn() {
		s.span.SetAttributes(attribute.StringSlice(key, values))
	}
}

// Number sets an attribute.
func (s Span) Number(key string, value int64) {
	if s.IsOn() {
		s.span.SetAttributes(attribute.Int64(key, value))
	}
}

// Seconds sets an attribute to a time in seconds.
func (s Span) Seconds(key string, d time.Duration) {
	if s.IsOn() {
		s.span.SetAttributes(attribute.Float64(key, d.Seconds()))
	}
}

// Fail says in a word of the bot's own why the step failed.
func (s Span) Fail(class string) {
	if s.IsOn() {
		s.span.SetStatus(codes.Error, class)
	}
}

// End ends the step.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// parentKey is where the library puts a trace parent: the name of its header.
const parentKey = "traceparent"

// Parent is the W3C trace parent of the step that the context is in, for whoever goes on with it in another process; "" if there is none.
func Parent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[parentKey]
}

func parse(parent string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{parentKey: parent})
	return trace.SpanContextFromContext(ctx)
}
