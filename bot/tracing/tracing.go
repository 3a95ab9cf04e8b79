// Package tracing tells OpenTelemetry what the bot does with a delivery: one trace from its receipt to the last write, also where one replica
// took it and another handled it. It exists so that nothing else depends on OpenTelemetry's libraries, and so that a bot without traces pays
// nothing for them: a nil Tracer and the zero Span do nothing and allocate nothing.
//
// Spans carry numbers and words of the bot's own. Whoever sets an attribute must not put in what people wrote, nor a path that has it.
package tracing

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// Options say where traces go. What they leave open the standard variables of OpenTelemetry say: headers, certificates, the sampler, names of
// the service. The zero value traces nothing.
type Options struct {
	On      bool
	URL     string // of the receiver of OTLP by HTTP, with its path; "" is what the environment says
	Problem string // why traces are off although somebody asked for them; "" if nobody did, or they are on

	Version string // of the bot
	Log     *zap.Logger
}

// Tracer begins traces. Its methods may be called at the same time, and on nil, which traces nothing.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Open prepares a tracer, nil if traces are off. Nothing is sent before there is something to send. A receiver that does not answer is no
// error: that is logged when it shows, once until it answers again, and what it did not take is dropped.
func Open(ctx context.Context, o Options) (*Tracer, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	log := o.Log.Named("traces")
	if o.Problem != "" {
		log.Warn("traces are off: " + o.Problem)
	}
	if !o.On {
		return nil, nil
	}
	quietLibrary(log)
	options := []otlptracehttp.Option{otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
		Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: 15 * time.Second,
	})}
	if o.URL != "" {
		options = append(options, otlptracehttp.WithEndpointURL(o.URL))
	}
	to, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing traces: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(&exporter{SpanExporter: to, log: log}), sdk.WithResource(describe(ctx, o.Version)))
	return &Tracer{provider: provider, tracer: provider.Tracer(scope)}, nil
}

// describe says who traces. What the environment says goes before.
func describe(ctx context.Context, version string) *resource.Resource {
	host, _ := os.Hostname() // a replica without a name is not told from others
	r, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.name", "flowkeeper"), attribute.String("service.version", version), attribute.String("service.instance.id", host)),
		resource.WithFromEnv())
	if err != nil {
		otel.Handle(err) // the rest of it is good
	}
	return r
}

// Close sends what is left, until ctx ends, and stops.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("sending the last traces: %w", err)
	}
	return nil
}
