package webhook

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"flowkeeper/bot/tracing"
	"flowkeeper/rules/triage"
)

const senders = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// traced is a request whose sender names a trace.
func traced(t *testing.T) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path, nil)
	r.Header.Set("Traceparent", senders)
	return r
}

// TestUntracedDeliveryAllocatesNothing is all that a delivery does for traces, without any.
func TestUntracedDeliveryAllocatesNothing(t *testing.T) {
	h, r, began := &Handler{}, traced(t), time.Now()
	d, out := Delivery{ID: "d-1", Issue: triage.Issue{Ref: triage.Ref{Project: 7, IID: 12}}}, acceptedOutcome(Accepted, "accepted", "d-1", "")
	if n := testing.AllocsPerRun(100, func() {
		_, span := h.traces.Receive(r.Context(), "accept", began, h.senderTrace(r))
		describe(span, d, out)
		span.End()
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}

// TestSendersTrace: where anybody may deliver, nobody's trace is gone on with.
func TestSendersTrace(t *testing.T) {
	for name, test := range map[string]struct {
		auth authenticator
		want string
	}{
		"secret":  {authenticator{secrets: [][sha256.Size]byte{{1}}}, senders},
		"signing": {authenticator{keys: [][]byte{{1}}}, senders},
		"anybody": {authenticator{}, ""},
	} {
		h := &Handler{traces: &tracing.Tracer{}}
		h.auth.Store(&test.auth)
		if got := h.senderTrace(traced(t)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
