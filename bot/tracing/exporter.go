package tracing

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
)

// exporter logs once that spans are not taken, and once that they are again.
type exporter struct {
	sdk.SpanExporter
	log     *zap.Logger
	failing atomic.Bool
}

// ExportSpans sends spans and gives no error: nobody could do anything about it but drop them.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch failed := err != nil; {
	case failed && !e.failing.Swap(true):
		e.log.Warn("the receiver of traces does not take them; they are dropped until it does", zap.String("why", reason(err)))
	case !failed && e.failing.Swap(false):
		e.log.Info("the receiver of traces takes them again")
	}
	return nil
}

// reason is an error without what the receiver answered, which may repeat what it was sent.
func reason(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	text, _, _ := strings.Cut(err.Error(), "body: ")
	return strings.TrimRight(text, " (:")
}

// quietLibrary has OpenTelemetry's own complaints in the bot's log, for the whole process, without the values they are about: a header with
// a mistake in it is a secret all the same.
func quietLibrary(log *zap.Logger) {
	otel.SetLogger(logr.New(sink{log}))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { log.Warn("OpenTelemetry's library met an error; look at the OTEL_… variables") }))
}

// sink takes the log lines of OpenTelemetry's library.
type sink struct{ log *zap.Logger }

// Init implements logr.LogSink.
func (sink) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink: only errors are logged.
func (sink) Enabled(int) bool { return false }

// Info implements logr.LogSink.
func (sink) Info(int, string, ...any) {}

// Error implements logr.LogSink.
func (s sink) Error(_ error, what string, _ ...any) {
	s.log.Warn("an OTEL_… variable is not understood and counts as not set", zap.String("problem", what))
}

// WithValues implements logr.LogSink.
func (s sink) WithValues(...any) logr.LogSink { return s }

// WithName implements logr.LogSink.
func (s sink) WithName(string) logr.LogSink { return s }
