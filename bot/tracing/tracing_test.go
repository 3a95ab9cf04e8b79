package tracing_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/testkit"
	"flowkeeper/bot/tracing"
	"flowkeeper/bot/tracing/tracingtest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// open opens a tracer and gives what it logs.
func open(t *testing.T, url string) (*tracing.Tracer, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	tracer, err := tracing.Open(t.Context(), tracing.Options{On: true, URL: url, Version: "v1", Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	return tracer, logs
}

// TestOffCostsNothing is every call that a traced bot makes, without traces.
func TestOffCostsNothing(t *testing.T) {
	tracer, err := tracing.Open(t.Context(), tracing.Options{})
	if tracer != nil || err != nil {
		t.Fatalf("the tracer is %v, the error %v", tracer, err)
	}
	type key struct{}
	within, parents := context.WithValue(t.Context(), key{}, 1), []string{"", ""}
	allocations := testing.AllocsPerRun(100, func() {
		ctx, received := tracer.Receive(within, "accept", noon, "")
		parent := tracing.Parent(ctx)
		ctx, job := tracer.Process(ctx, "job", noon, parents)
		ctx, step := tracing.Start(ctx, "decide")
		ctx, call := tracing.StartCall(ctx, "notes")
		call.Text("k", parent)
		call.Texts("k", parents)
		call.Number("k", 1)
		call.Seconds("k", time.Second)
		call.Fail("k")
		if ctx != within || call.IsOn() {
			panic("something is traced")
		}
		call.End()
		step.End()
		job.End()
		received.End()
	})
	if allocations != 0 {
		t.Errorf("traces that are off allocate %v times", allocations)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTraceGoesOnElsewhere hands a trace parent from one tracer to another, beside one of another trace and some that are none.
func TestTraceGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	to := tracingtest.Start(t)
	here, _ := open(t, to.URL())
	there, _ := open(t, to.URL())
	_, alone := here.Receive(t.Context(), "other", noon, "")
	alone.End()
	ctx, other := here.Receive(t.Context(), "other", noon, "00-zz-b7ad6b7169203331-01")
	linked := tracing.Parent(ctx)
	other.End()
	ctx, received := here.Receive(t.Context(), "accept", noon, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	parent := tracing.Parent(ctx)
	received.End()
	ctx, job := there.Process(t.Context(), "job", noon, []string{"", "nonsense", parent, linked})
	ctx, call := tracing.StartCall(ctx, "notes")
	call.Number("n", 7)
	call.Fail("transient")
	if tracing.Parent(ctx) == parent {
		t.Error("the call has no span of its own")
	}
	call.End()
	job.End()
	for _, tracer := range []*tracing.Tracer{here, there} {
		if err := tracer.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}

	spans := map[string]tracingtest.Span{}
	for _, s := range to.Spans() {
		spans[s.Name] = s
	}
	const sender = "0af7651916cd43dd8448eb211c80319c"
	a, j, c := spans["accept"], spans["job"], spans["notes"]
	if a.Trace != sender || a.Parent != "b7ad6b7169203331" || j.Trace != sender || j.Parent != a.ID || c.Trace != sender || c.Parent != j.ID {
		t.Errorf("the steps do not follow each other:\n%+v\n%+v\n%+v", a, j, c)
	}
	if diff := cmp.Diff([]string{strings.Split(linked, "-")[1]}, j.Links); diff != "" {
		t.Errorf("links of the job (-want +got):\n%s", diff)
	}
	if len(to.Spans()) != 5 || c.Failed != "transient" || c.Kind != "SPAN_KIND_CLIENT" || a.Version != "v1" || c.Attributes["n"] != "7" {
		t.Errorf("%d spans came, the call is %+v, the first %+v", len(to.Spans()), c, a)
	}
}

// TestReceiverThatHangs fills the queue of one that never answers: nobody waits for it, and the end comes when its time is up.
func TestReceiverThatHangs(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	asked := make(chan struct{}, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-hang }))
	t.Cleanup(func() { close(hang); server.Close() })
	tracer, _ := open(t, server.URL)
	fill := func() {
		for range 10_000 {
			_, span := tracer.Receive(t.Context(), "accept", noon, "")
			span.End()
		}
	}
	fill()
	testkit.Receive(t, "the receiver to be asked", asked)
	fill()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracer.Close(ctx) }()
	cancel()
	if err := testkit.Receive(t, "the end, although the receiver hangs", ended); err == nil {
		t.Error("the end does not say that traces were dropped")
	}
}

// TestReceiverThatRefuses is logged once, without what it says, and once when it takes traces again.
func TestReceiverThatRefuses(t *testing.T) {
	t.Parallel()
	status := make(chan int, 4)
	for _, s := range []int{401, 401, 200, 200} {
		status <- s
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := <-status
		w.WriteHeader(s)
		if s != http.StatusOK {
			fmt.Fprint(w, "the secret is zqj")
		}
	}))
	t.Cleanup(server.Close)
	var all []string
	core, logs := observer.New(zap.DebugLevel)
	tracer, err := tracing.Open(t.Context(), tracing.Options{On: true, URL: server.URL, Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		_, span := tracer.Receive(t.Context(), "accept", noon, "")
		span.End()
		if err := tracer.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, l := range logs.All() {
		all = append(all, fmt.Sprint(l.Message, l.ContextMap()))
	}
	if text := strings.Join(all, "\n"); len(all) != 2 || !strings.Contains(all[0], "401") || strings.Contains(text, "zqj") {
		t.Errorf("want one line about the refusal with its status, and one about its end, without what the receiver said; logged:\n%s", text)
	}
}

// TestMistakesInVariables are logged without their values.
func TestMistakesInVariables(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "Bearer zqj", "OTEL_EXPORTER_OTLP_TIMEOUT": "zqj", "OTEL_RESOURCE_ATTRIBUTES": "zqj", "OTEL_TRACES_SAMPLER": "zqj",
	} {
		t.Setenv(name, value)
	}
	to := tracingtest.Start(t)
	tracer, logs := open(t, to.URL())
	_, span := tracer.Receive(t.Context(), "accept", noon, "")
	span.End()
	if err := tracer.Close(t.Context()); err != nil || len(to.Spans()) != 1 {
		t.Errorf("%d spans came, the error is %v", len(to.Spans()), err)
	}
	if logs.Len() == 0 {
		t.Error("nothing is logged")
	}
	for _, l := range logs.All() {
		if text := fmt.Sprint(l.Message, l.ContextMap()); strings.Contains(text, "zqj") {
			t.Errorf("the log shows a value: %s", text)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"
	for name, test := range map[string]struct {
		environ []string
		on      bool
		problem string
	}{
		"nothing":      {nil, false, ""},
		"endpoint":     {[]string{endpoint}, true, ""},
		"of traces":    {[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://c/v1/traces"}, true, ""},
		"empty":        {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT= "}, false, ""},
		"disabled":     {[]string{endpoint, "OTEL_SDK_DISABLED=True"}, false, ""},
		"no exporter":  {[]string{endpoint, "OTEL_TRACES_EXPORTER=none"}, false, ""},
		"protobuf":     {[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}, true, ""},
		"grpc":         {[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, false, "OTEL_EXPORTER_OTLP_PROTOCOL is grpc"},
		"grpc of most": {[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"}, true, ""},
		"no address":   {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}, false, "OTEL_EXPORTER_OTLP_ENDPOINT is not a web address"},
		"password":     {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://u:zqj@c"}, false, "holds a user name or password"},
		"unreadable":   {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://zqj:%"}, false, "is not a web address"},
	} {
		o := tracing.FromEnvironment(test.environ)
		if o.On != test.on || !strings.Contains(o.Problem, test.problem) || (test.problem == "") != (o.Problem == "") || strings.Contains(o.Problem, "zqj") {
			t.Errorf("%s: %+v, want on %v and the problem %q", name, o, test.on, test.problem)
		}
	}
}
