// Package tracingtest is a receiver of traces for tests: it takes OTLP by HTTP as a collector does, and tells what came.
package tracingtest

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
)

// reachable is far more than anything here takes.
const reachable = time.Minute

// Span is one that came. IDs are in hexadecimal digits.
type Span struct {
	Name, Trace, ID, Parent string
	Links                   []string // trace ids
	Version                 string   // of the service that sent it
	Kind                    string
	Failed                  string            // why, "" if it did not fail
	Attributes              map[string]string // as text
}

// Receiver takes traces.
type Receiver struct {
	t       testing.TB
	server  *httptest.Server
	mu      sync.Mutex
	spans   []Span
	raw     [][]byte
	changed chan struct{}
}

// Start starts a receiver that ends with the test.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{t: t, changed: make(chan struct{})}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.server.Close)
	return r
}

// URL is where traces go.
func (r *Receiver) URL() string { return r.server.URL + "/v1/traces" }

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
		r.t.Errorf("something else than traces came to %s as %s: %v", req.URL.Path, req.Header.Get("Content-Type"), err)
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	r.take(body, &sent)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (r *Receiver) take(body []byte, sent *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw = append(r.raw, body)
	for _, from := range sent.GetResourceSpans() {
		version := ""
		for _, a := range from.GetResource().GetAttributes() {
			if a.GetKey() == "service.version" {
				version = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range from.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				span := Span{
					Name: s.GetName(), Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
					Version: version, Kind: s.GetKind().String(), Failed: s.GetStatus().GetMessage(), Attributes: map[string]string{},
				}
				for _, l := range s.GetLinks() {
					span.Links = append(span.Links, hex.EncodeToString(l.GetTraceId()))
				}
				for _, a := range s.GetAttributes() {
					span.Attributes[a.GetKey()] = text(a.GetValue())
				}
				r.spans = append(r.spans, span)
			}
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// text is a value as it reads; lists have blanks between their values.
func text(v *common.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *common.AnyValue_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case *common.AnyValue_ArrayValue:
		var all []string
		for _, one := range v.ArrayValue.GetValues() {
			all = append(all, text(one))
		}
		return strings.Join(all, " ")
	}
	return fmt.Sprintf("%T", v.GetValue())
}

// Spans are all that came so far.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Raw is all that came so far as it came.
func (r *Receiver) Raw() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.raw...)
}

// Await waits until the spans that came are enough.
func (r *Receiver) Await(what string, enough func([]Span) bool) []Span {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), reachable)
	defer cancel()
	for {
		r.mu.Lock()
		spans, changed := slices.Clone(r.spans), r.changed
		r.mu.Unlock()
		if enough(spans) {
			return spans
		}
		select {
		case <-changed:
		case <-ctx.Done():
			r.t.Fatalf("waiting for %s; %d spans came: %+v", what, len(spans), spans)
		}
	}
}
