package bot_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/bot/tracing"
	"flowkeeper/bot/tracing/tracingtest"
)

// tracedTo has the bot send its traces there.
func tracedTo(to *tracingtest.Receiver) func(*bot.Options) {
	return func(o *bot.Options) { o.Traces = tracing.Options{On: true, URL: to.URL()} }
}

// TestOneTraceOverReplicas has one replica take what is delivered and do nothing else, and a second one, without a webhook, handle it.
func TestOneTraceOverReplicas(t *testing.T) {
	t.Parallel()
	to := tracingtest.Start(t)
	r, _ := newRedisRig(t, func(o *bot.Options) {
		tracedTo(to)(o)
		o.Version, o.Worker.Workers = "takes", 0
	})
	app := r.secondReplica(func(o *bot.Options) { o.Version, o.Worker.Workers = "handles", 4 })
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	r.must(nil, app.Stop()) // which sends what there is
	r.must(nil, r.app.Stop())

	spans := to.Spans()
	named := func(name string) tracingtest.Span {
		n := slices.IndexFunc(spans, func(s tracingtest.Span) bool {
			return s.Name == name && s.Attributes["flowkeeper.issue"] == ref.String()
		})
		if n < 0 {
			t.Fatalf("there is no span %s of %s: %+v", name, ref, spans)
		}
		return spans[n]
	}
	accept, job := named("accept"), named("job")
	if accept.Parent != "" || job.Trace != accept.Trace || job.Parent != accept.ID || accept.Version != "takes" || job.Version != "handles" {
		t.Errorf("the job does not go on with the trace of the receipt:\n%+v\n%+v", accept, job)
	}
	if a := job.Attributes; a["flowkeeper.wait_seconds"] == "" || a["flowkeeper.result"] != "done" || !strings.Contains(a["flowkeeper.rules"], "security-needs-severity") ||
		a["flowkeeper.calls"] == "0" || a["flowkeeper.writes"] == "0" || a["flowkeeper.attempt"] != "1" {
		t.Errorf("the job tells %v", a)
	}
	var steps []string
	for _, s := range spans {
		if s.Trace == job.Trace && s.ID != job.ID && s.Parent != "" {
			steps = append(steps, strings.TrimSpace(s.Name+" "+s.Attributes["url.template"]))
		}
	}
	for _, want := range []string{"decide", "publish", "update /api/v4/projects/:id/issues/:id", "create-note /api/v4/projects/:id/issues/:id/notes"} {
		if !slices.Contains(steps, want) {
			t.Errorf("the trace lacks the step %q; it has %q", want, steps)
		}
	}
}

// TestTracesSayNothingThatPeopleWrote looks at every byte that is sent over a hostile story.
func TestTracesSayNothingThatPeopleWrote(t *testing.T) {
	t.Parallel()
	to := tracingtest.Start(t)
	r := newRig(t, sandbox.Premium, tracedTo(to))
	r.hostileStory()
	r.must(nil, r.app.Stop())
	for _, hidden := range []string{whatPeopleWrote, botToken, secret, signingToken, "team/project", "team%2Fproject"} {
		if bytes.Contains(to.Raw(), []byte(hidden)) {
			t.Errorf("what is sent has %q in it", hidden)
		}
	}
	route := regexp.MustCompile(`^/api/(graphql|v4/([a-z_]+|:id)(/([a-z_]+|:id))*)$`)
	calls := 0
	for _, s := range to.Spans() {
		if s.Kind != "SPAN_KIND_CLIENT" {
			continue
		}
		if calls++; !route.MatchString(s.Attributes["url.template"]) || s.Attributes["http.request.method"] == "" {
			t.Errorf("the call %s has the attributes %v", s.Name, s.Attributes)
		}
	}
	if calls < 20 {
		t.Errorf("the story made %d calls that were traced", calls)
	}
}

// TestTraceParentOfStrangers is believed only of those who show the secret.
func TestTraceParentOfStrangers(t *testing.T) {
	t.Parallel()
	const trace = "0af7651916cd43dd8448eb211c80319c"
	to := tracingtest.Start(t)
	r := newRig(t, sandbox.Premium, tracedTo(to))
	deliver := func(token string) int {
		body := `{"object_kind":"issue","event_type":"issue","user":{"id":77,"username":"ann"},"project":{"id":1,"path_with_namespace":"team/project"},` +
			`"object_attributes":{"id":900,"iid":12,"project_id":1,"action":"update","state":"opened","created_at":"2026-05-04T12:00:00Z","updated_at":"2026-05-04T12:00:00Z"},"labels":[],"changes":{}}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.app.URL(), strings.NewReader(body))
		r.must(nil, err)
		for k, v := range map[string]string{"Content-Type": "application/json", "X-Gitlab-Event": "Issue Hook", "X-Gitlab-Token": token, "Traceparent": "00-" + trace + "-b7ad6b7169203331-01"} {
			req.Header.Set(k, v)
		}
		resp, err := http.DefaultClient.Do(req)
		r.must(nil, err)
		r.must(nil, resp.Body.Close())
		return resp.StatusCode
	}
	if got := deliver("a guess"); got != http.StatusUnauthorized {
		t.Errorf("the stranger is answered %d", got)
	}
	if got := deliver(secret); got != http.StatusAccepted {
		t.Errorf("GitLab is answered %d", got)
	}
	r.must(nil, r.app.Stop())
	var of []string
	for _, s := range to.Spans() {
		if s.Trace == trace {
			of = append(of, s.Name)
		}
		if s.Name == "accept" && s.Trace != trace {
			t.Errorf("the stranger's request is traced: %+v", s)
		}
	}
	if !slices.Contains(of, "accept") {
		t.Errorf("the sender's trace goes on with %v, want the receipt", of)
	}
}

// TestStopWithoutReceiver stops a bot whose traces nobody takes within its time.
func TestStopWithoutReceiver(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(func() { close(hang); server.Close() })
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Traces, o.Drain = tracing.Options{On: true, URL: server.URL}, 200*time.Millisecond
	})
	r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	ended := make(chan error, 1)
	go func() { ended <- r.app.Stop() }()
	r.must(nil, testkit.Receive(t, "the end, although the receiver hangs", ended))
	if !strings.Contains(r.handled.text(), "the last traces are dropped") {
		t.Errorf("the log does not tell of the lost traces:\n%s", r.handled.text())
	}
}
