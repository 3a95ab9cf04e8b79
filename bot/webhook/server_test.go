package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/testkit"
	"flowkeeper/bot/webhook"
)

const (
	secret   = "open-sesame"
	tokenOne = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	tokenTwo = "whsec_enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmF6eXh3dnU="
)

// store is a Receiver that keeps what it gets, by key.
type store struct {
	mu   sync.Mutex
	kept map[string]webhook.Delivery
	down error // what Receive returns, if set
}

func (s *store) Receive(_ context.Context, d webhook.Delivery) (webhook.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return webhook.Answer{}, s.down
	}
	if _, known := s.kept[d.IdempotencyKey]; known {
		return webhook.Answer{Status: webhook.Duplicate, Class: "repeat", Reason: "it came before"}, nil
	}
	if s.kept == nil {
		s.kept = map[string]webhook.Delivery{}
	}
	s.kept[d.IdempotencyKey] = d
	return webhook.Answer{Status: webhook.Accepted}, nil
}

func (s *store) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// receiver is a Receiver made of a function.
type receiver func(context.Context, webhook.Delivery) (webhook.Answer, error)

func (r receiver) Receive(ctx context.Context, d webhook.Delivery) (webhook.Answer, error) {
	return r(ctx, d)
}

// bench is a handler on an echo server, with everything it puts out.
type bench struct {
	echo     *echo.Echo
	handler  *webhook.Handler
	store    *store
	registry *prometheus.Registry
	logs     *observer.ObservedLogs
}

// newBench serves with the given options; what they leave out is filled in.
func newBench(t testing.TB, o webhook.Options) *bench {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	b := &bench{echo: echo.New(), store: &store{}, registry: prometheus.NewRegistry(), logs: logs}
	if o.Receiver == nil {
		o.Receiver = b.store
	}
	o.Log, o.Registry = zap.New(core), b.registry
	o.Now = func() time.Time { return arrival }
	h, err := webhook.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	b.handler = h
	h.Register(b.echo)
	return b
}

// post sends a body to the handler.
func (b *bench) post(t testing.TB, h http.Header, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, webhook.Path, strings.NewReader(body))
	for name, values := range h {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	w := httptest.NewRecorder()
	b.echo.ServeHTTP(w, r)
	return w
}

// counted is how often requests ended with the result and reason.
func (b *bench) counted(t testing.TB, result, reason string) float64 {
	t.Helper()
	return testkit.Metrics(t, b.registry)[fmt.Sprintf("flowkeeper_deliveries_total{reason=%q,result=%q}", reason, result)]
}

// said is the answer's JSON.
type said struct{ Status, Delivery, Reason string }

func answerOf(t testing.TB, w *httptest.ResponseRecorder) said {
	t.Helper()
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Errorf("the answer is %s, want JSON", got)
	}
	return saidIn(t, w.Body.Bytes())
}

func saidIn(t testing.TB, body []byte) said {
	t.Helper()
	var s said
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatalf("reading the answer %q: %v", body, err)
	}
	return s
}

// causeField is the log field of a refusal's cause.
func causeField(cause string) zap.Field { return zap.String("cause", cause) }
