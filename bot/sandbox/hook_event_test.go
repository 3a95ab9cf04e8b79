package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// failing is a lab of a Maintainer bot with a hook whose receiver answers as told, a clock in seconds, and an issue.
type failing struct {
	*lab
	hook    int64
	ref     triage.Ref
	status  atomic.Int64
	seconds atomic.Int64
}

func newFailing(t *testing.T, autoDisable bool) *failing {
	t.Helper()
	f := &failing{}
	f.lab = newLab(t, sandbox.Options{
		BotLevel: sandbox.Maintainer, AutoDisable: autoDisable,
		Now: func() time.Time { return noon.Add(time.Duration(f.seconds.Load()) * time.Second) },
	})
	f.ref = f.open(sandbox.IssueOptions{})
	f.status.Store(http.StatusInternalServerError)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(f.status.Load()))
		fmt.Fprint(w, "sorry")
	}))
	t.Cleanup(web.Close)
	f.hook = f.addHook(sandbox.Hook{URL: web.URL, Events: []string{"note"}, Token: "hush"})
	return f
}

// shoot makes an event and waits for what becomes of it.
func (f *failing) shoot() sandbox.Delivery {
	f.t.Helper()
	f.comment("omar", f.ref, "hi")
	if err := f.AwaitDelivered(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	for _, d := range slices.Backward(f.Deliveries()) {
		if d.Hook == f.hook {
			return d
		}
	}
	f.t.Fatal("nothing was delivered")
	return sandbox.Delivery{}
}

func (f *failing) path(more string) string {
	return fmt.Sprintf("/projects/%d/hooks/%d%s", f.project, f.hook, more)
}

// alert is the state of the hook as the API shows it.
func (f *failing) alert() string {
	return f.must("GET", f.path(""), "").object(f.t)["alert_status"].(string)
}

// After four failures in a row GitLab waits, each time twice as long; after forty it gives up. What happens meanwhile is not delivered.
func TestFailingHooksAreDisabled(t *testing.T) {
	f := newFailing(t, true)
	var pauses []int64
	sent := 0
	for f.alert() != "disabled" {
		if d := f.shoot(); d.State != sandbox.Answered || d.Status != 500 {
			t.Fatalf("failure %d is %+v", sent+1, d)
		}
		if sent++; sent > 40 {
			t.Fatal("never disabled")
		}
		h := f.Hooks(f.project)[1]
		if f.alert() == "temporarily_disabled" {
			pause := h.DisabledUntil.Sub(noon.Add(time.Duration(f.seconds.Load()) * time.Second))
			pauses = append(pauses, int64(pause/time.Second))
			if d := f.shoot(); d.State != sandbox.Dropped || !strings.Contains(d.Err, "disabled") {
				t.Fatalf("what happens in pause %d is %+v", len(pauses), d)
			}
			f.seconds.Add(int64(pause/time.Second) + 1)
		}
	}
	if sent != 40 {
		t.Errorf("given up after %d failures, want 40", sent)
	}
	if diff := cmp.Diff([]int64{60, 120, 240, 480}, pauses[:4]); diff != "" || len(pauses) != 36 || pauses[35] != 86400 {
		t.Errorf("pauses in seconds %v (-want +got):\n%s", pauses, diff)
	}
	f.seconds.Add(30 * 86400)
	if d := f.shoot(); d.State != sandbox.Dropped {
		t.Errorf("a month later: %+v", d)
	}
	if r := f.api("POST", f.path("/test/issues_events"), ""); r.StatusCode != 422 || !strings.Contains(r.Text, "sorry") || f.alert() != "disabled" {
		t.Errorf("a test that fails: %d %s, hook %s", r.StatusCode, r.Text, f.alert())
	}
	f.status.Store(202)
	f.must("POST", f.path("/test/issues_events"), "")
	if h := f.Hooks(f.project)[1]; h.Failures != 0 || !h.DisabledUntil.IsZero() || f.alert() != "executable" {
		t.Errorf("after a test the hook is %+v", h)
	}
	if d := f.shoot(); d.State != sandbox.Answered || d.Status != 202 {
		t.Errorf("after a test: %+v", d)
	}
}

// A success begins the count anew, and without AutoDisable nothing is ever stopped.
func TestHooksThatRecover(t *testing.T) {
	f := newFailing(t, true)
	for n := range 9 {
		f.status.Store(500)
		if n%4 == 3 {
			f.status.Store(302)
		}
		if d := f.shoot(); d.State != sandbox.Answered {
			t.Errorf("delivery %d is %+v", n+1, d)
		}
	}
	f = newFailing(t, false)
	for n := range 50 {
		if d := f.shoot(); d.State != sandbox.Answered || f.alert() != "executable" {
			t.Fatalf("delivery %d is %+v, hook %s", n+1, d, f.alert())
		}
	}
}

func TestHookEvents(t *testing.T) {
	f := newFailing(t, false)
	var ids []float64
	for _, status := range []int64{200, 404, 500, 503} {
		f.status.Store(status)
		f.seconds.Add(60)
		ids = append(ids, float64(f.shoot().ID))
	}
	for query, want := range map[string][]float64{
		"":                       {ids[3], ids[2], ids[1], ids[0]},
		"?status=successful":     {ids[0]},
		"?status=client_failure": {ids[1]},
		"?status=server_failure": {ids[3], ids[2]},
		"?status=500":            {ids[2]},
		"?status=client_failure,server_failure&per_page=2": {ids[3], ids[2]},
		"?per_page=3&page=2": {ids[0]},
	} {
		var got []float64
		for _, e := range f.must("GET", f.path("/events"+query), "").list(t) {
			got = append(got, e["id"].(float64))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events%s (-want +got):\n%s", query, diff)
		}
	}
	e := f.must("GET", f.path("/events?status=503"), "").list(t)[0]
	headers := e["request_headers"].(map[string]any)
	got := map[string]any{
		"trigger": e["trigger"], "status": e["response_status"], "body": e["response_body"], "at": e["created_at"], "token": headers["X-Gitlab-Token"],
		"kind": e["request_data"].(map[string]any)["object_kind"],
	}
	want := map[string]any{
		"trigger": "note_hooks", "status": "503", "body": "sorry", "at": "2026-11-23T12:04:00.000Z", "token": "[REDACTED]", "kind": "note",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	for _, query := range []string{"per_page=21", "per_page=0", "per_page=all", "status=bad"} {
		if r := f.api("GET", f.path("/events?"+query), ""); r.StatusCode != 400 {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.Text)
		}
	}

	f.status.Store(201)
	resend := fmt.Sprintf("/events/%.0f/resend", ids[3])
	if r := f.must("POST", f.path(resend), "").object(t); r["response_status"] != 201.0 {
		t.Errorf("resending: %v", r)
	}
	newest := f.must("GET", f.path("/events?per_page=1"), "").list(t)[0]
	if newest["request_headers"].(map[string]any)["Idempotency-Key"] != headers["Idempotency-Key"] || newest["id"] == ids[3] {
		t.Errorf("resent as %v", newest)
	}
	for range 4 {
		f.must("POST", f.path(resend), "")
	}
	if r := f.api("POST", f.path(resend), ""); r.StatusCode != 429 || r.Header.Get("Retry-After") != "60" {
		t.Errorf("the sixth in a minute: %d %s", r.StatusCode, r.Text)
	}
	f.seconds.Add(60)
	f.must("PUT", f.path(""), `{"url":"http://elsewhere.test/"}`)
	if r := f.api("POST", f.path(resend), ""); r.StatusCode != 422 || !strings.Contains(r.Text, "URL has changed") {
		t.Errorf("to another address: %d %s", r.StatusCode, r.Text)
	}
	f.seconds.Add(8 * 86400)
	if r := f.api("POST", f.path(resend), ""); r.StatusCode != 404 {
		t.Errorf("after eight days: %d %s", r.StatusCode, r.Text)
	}
	if list := f.must("GET", f.path("/events"), "").list(t); len(list) != 0 {
		t.Errorf("after eight days there are %v", list)
	}
}

func TestHookTestsThatCannotBe(t *testing.T) {
	f := newFailing(t, true)
	empty := f.AddProject("create/empty")
	other, err := f.AddHook(empty, sandbox.Hook{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path   string
		status int
		says   string
	}{
		{f.path("/test/push_events"), 400, "trigger does not have a valid value"},
		{f.path("/test/emoji_events"), 422, "Ensure the project has notes"},
		{f.path("/test/note_events"), 422, "Ensure the project has notes"},
		{fmt.Sprintf("/projects/%d/hooks/%d/test/issues_events", empty, other), 422, "Ensure the project has issues"},
		{fmt.Sprintf("/projects/%d/hooks/99/test/issues_events", empty), 404, "Not found"},
	}
	for _, tt := range tests {
		if r := f.api("POST", tt.path, ""); r.StatusCode != tt.status || !strings.Contains(r.Text, tt.says) {
			t.Errorf("%s: %d %s, want %d with %s", tt.path, r.StatusCode, r.Text, tt.status, tt.says)
		}
	}
	if err := f.AddToken("omar", "glpat-omar"); err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{"GET /events", "POST /test/issues_events", "POST /events/1/resend", "GET "} {
		method, path, _ := strings.Cut(call, " ")
		if r := f.apiAs("glpat-omar", method, f.path(path), ""); r.StatusCode != 403 {
			t.Errorf("%s by a Developer: %d %s", call, r.StatusCode, r.Text)
		}
	}
}
