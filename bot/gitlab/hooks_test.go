package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// receiver takes webhooks: it keeps their keys and answers with Status.
type receiver struct {
	Status atomic.Int64

	mu   sync.Mutex
	keys []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, req.Header.Get("webhook-id"))
	w.WriteHeader(int(r.Status.Load()))
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys)
}

// hooked is a GitLab with a webhook that leads to a receiver, and a clock in minutes.
func hooked(t *testing.T, level int) (lab *sandbox.Server, c *gitlab.Client, ref triage.Ref, hook int64, to *receiver, minutes *atomic.Int64) {
	t.Helper()
	minutes, to = &atomic.Int64{}, &receiver{}
	to.Status.Store(http.StatusAccepted)
	lab = sandbox.New(sandbox.Options{
		Token: token, PageSize: 2, BotLevel: level, AutoDisable: true,
		Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) },
	})
	c, project := connected(t, lab)
	web := httptest.NewServer(to)
	t.Cleanup(web.Close)
	hook, err := lab.AddHook(project, sandbox.Hook{URL: web.URL, Events: []string{"issues", "note"}})
	if err != nil {
		t.Fatal(err)
	}
	if ref, err = lab.Open("ann", project, sandbox.IssueOptions{Title: "Slow"}); err != nil {
		t.Fatal(err)
	}
	quiet(t, lab)
	return lab, c, ref, hook, to, minutes
}

func quiet(t *testing.T, lab *sandbox.Server) {
	t.Helper()
	if err := lab.AwaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A receiver that was broken for a while: the webhook is stopped, a test starts it again, and what failed is delivered under its key.
func TestSandboxHookRecovers(t *testing.T) {
	t.Parallel()
	lab, c, ref, hook, to, minutes := hooked(t, sandbox.Maintainer)
	status := func() gitlab.Hook {
		t.Helper()
		hooks, err := c.Hooks(t.Context(), ref.Project)
		if err != nil || len(hooks) != 1 || hooks[0].ID != hook || hooks[0].URL == "" {
			t.Fatalf("hooks %+v, %v", hooks, err)
		}
		return hooks[0]
	}
	if h := status(); h.AlertStatus != gitlab.HookExecutable || !h.DisabledUntil.IsZero() {
		t.Errorf("the hook is %+v, want an executable one", h)
	}
	if events, err := c.HookEvents(t.Context(), ref.Project, hook, time.Time{}); err != nil || events != nil {
		t.Errorf("failed deliveries %+v, %v; want none", events, err)
	}

	to.Status.Store(http.StatusServiceUnavailable)
	for n := range 6 {
		minutes.Add(1)
		comment(t, lab, ref, "anybody there?")
		quiet(t, lab)
		if n == 1 {
			to.Status.Store(http.StatusTeapot)
		}
	}
	h := status()
	want := gitlab.Hook{ID: hook, URL: h.URL, AlertStatus: gitlab.HookPaused, DisabledUntil: noon.Add(8 * time.Minute)}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("the hook (-want +got):\n%s", diff)
	}

	keys := to.got()[1:] // without the issue's
	failed, err := c.HookEvents(t.Context(), ref.Project, hook, noon.Add(2*time.Minute))
	wantEvents := []gitlab.HookEvent{
		{At: noon.Add(6 * time.Minute), Trigger: "note_hooks", Status: 418, Key: keys[4]},
		{At: noon.Add(4 * time.Minute), Trigger: "note_hooks", Status: 418, Key: keys[3]},
		{At: noon.Add(3 * time.Minute), Trigger: "note_hooks", Status: 418, Key: keys[2]},
		{At: noon.Add(2 * time.Minute), Trigger: "note_hooks", Status: 503, Key: keys[1]},
	}
	if diff := cmp.Diff(wantEvents, failed, cmpopts.IgnoreFields(gitlab.HookEvent{}, "ID")); err != nil || diff != "" {
		t.Errorf("%v, failed deliveries (-want +got):\n%s", err, diff)
	}

	check(t, c.ResendHookEvent(t.Context(), ref.Project, hook, failed[0].ID), gitlab.Permanent, "Hook disabled")
	check(t, c.TestHook(t.Context(), ref.Project, hook), gitlab.Permanent, "testing webhook", "422")
	to.Status.Store(http.StatusAccepted)
	if err := c.TestHook(t.Context(), ref.Project, hook); err != nil {
		t.Fatal(err)
	}
	if h := status(); h.AlertStatus != gitlab.HookExecutable || !h.DisabledUntil.IsZero() {
		t.Errorf("after a test the hook is %+v, want an executable one", h)
	}
	before := len(to.got())
	for _, e := range failed {
		if err := c.ResendHookEvent(t.Context(), ref.Project, hook, e.ID); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{keys[4], keys[3], keys[2], keys[1]}, to.got()[before:]); diff != "" {
		t.Errorf("keys of what was resent (-want +got):\n%s", diff)
	}
	err = c.ResendHookEvent(t.Context(), ref.Project, hook, failed[0].ID)
	check(t, err, gitlab.Unavailable, "429")
	if after := gitlab.RetryDelay(err); after != time.Minute {
		t.Errorf("come back after %s, want a minute", after)
	}
	minutes.Add(1)
	to.Status.Store(http.StatusInternalServerError)
	check(t, c.ResendHookEvent(t.Context(), ref.Project, hook, failed[0].ID), gitlab.Transient, "the receiver answered 500")
	check(t, c.ResendHookEvent(t.Context(), ref.Project, hook, 1), gitlab.NotFound, "resending event 1 of webhook")
}

// A receiver that is not there at all: the deliveries have no status. Those of a week ago are forgotten.
func TestSandboxHookUnreachable(t *testing.T) {
	t.Parallel()
	lab, c, ref, _, _, minutes := hooked(t, sandbox.Maintainer)
	hook, err := lab.AddHook(ref.Project, sandbox.Hook{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	comment(t, lab, ref, "anybody there?")
	quiet(t, lab)
	events, err := c.HookEvents(t.Context(), ref.Project, hook, time.Time{})
	if err != nil || len(events) != 1 || events[0].Status != 0 || !events[0].At.Equal(noon) {
		t.Errorf("failed deliveries %+v, %v; want one without a status", events, err)
	}
	check(t, c.TestHook(t.Context(), ref.Project, hook), gitlab.Permanent, "422")
	minutes.Add(8 * 24 * 60)
	if events, err := c.HookEvents(t.Context(), ref.Project, hook, time.Time{}); err != nil || events != nil {
		t.Errorf("failed deliveries %+v, %v; want none", events, err)
	}
}

// Webhooks are for Maintainers only.
func TestSandboxHooksNeedMaintainer(t *testing.T) {
	t.Parallel()
	_, c, ref, hook, _, _ := hooked(t, sandbox.Developer)
	_, err := c.Hooks(t.Context(), ref.Project)
	check(t, err, gitlab.Permanent, "403", "the role Maintainer")
	_, err = c.HookEvents(t.Context(), ref.Project, hook, noon)
	check(t, err, gitlab.Permanent, "403", "the role Maintainer")
	check(t, c.TestHook(t.Context(), ref.Project, hook), gitlab.Permanent, "403", "the role Maintainer")
	check(t, c.ResendHookEvent(t.Context(), ref.Project, hook, 1), gitlab.Permanent, "403", "the role Maintainer")
}

// Old versions say less, and templates may make anything of a delivery.
func TestHookVersions(t *testing.T) {
	t.Parallel()
	s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/api/v4/projects/7/hooks":
			reply(w, http.StatusOK, []map[string]any{{"id": 1, "url": "http://bot"}})
		case r.FormValue("per_page") != "20": // GitLab refuses more
			reply(w, http.StatusBadRequest, map[string]any{"error": "per_page does not have a valid value"})
		case r.FormValue("status") == "client_failure":
			reply(w, http.StatusOK, []map[string]any{})
		default:
			issue := func(at string) any { return map[string]any{"object_attributes": map[string]any{"updated_at": at}} }
			reply(w, http.StatusOK, []map[string]any{
				{"id": 6, "trigger": "issue_hooks", "response_status": "502", "request_data": issue("2026-10-05T12:00:00.000Z"), "request_headers": map[string]any{"Idempotency-Key": "a"}},
				{"id": 5, "trigger": "note_hooks", "response_status": 500, "request_data": issue("2026-10-05 11:59:00 UTC"), "request_headers": nil},
				{"id": 4, "trigger": "issue_hooks", "response_status": "internal error", "request_data": []int{1}, "request_headers": []int{1}},
				{"id": 3, "trigger": "issue_hooks", "response_status": nil, "request_data": issue("once")},
				{"id": 2, "trigger": "issue_hooks", "response_status": "500", "created_at": noon.Add(-time.Hour)},
				{"id": 1, "trigger": "issue_hooks", "response_status": "500", "created_at": noon},
			})
		}
		return true
	}}
	c := s.client(t)
	hooks, err := c.Hooks(t.Context(), 7)
	if diff := cmp.Diff([]gitlab.Hook{{ID: 1, URL: "http://bot", AlertStatus: gitlab.HookExecutable}}, hooks); err != nil || diff != "" {
		t.Errorf("%v, hooks (-want +got):\n%s", err, diff)
	}
	events, err := c.HookEvents(t.Context(), 7, 1, noon.Add(-time.Minute))
	want := []gitlab.HookEvent{
		{ID: 6, At: noon, Trigger: "issue_hooks", Status: 502, Key: "a"},
		{ID: 5, At: noon.Add(-time.Minute), Trigger: "note_hooks", Status: 500},
		{ID: 4, Trigger: "issue_hooks"},
		{ID: 3, Trigger: "issue_hooks"},
	}
	if diff := cmp.Diff(want, events); err != nil || diff != "" {
		t.Errorf("%v, failed deliveries (-want +got):\n%s", err, diff)
	}
}

func TestHookFailures(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	hooks := func(t *testing.T, c *gitlab.Client) error { _, err := c.Hooks(t.Context(), 7); return err }
	events := func(t *testing.T, c *gitlab.Client) error {
		_, err := c.HookEvents(t.Context(), 7, 1, noon)
		return err
	}
	test := func(t *testing.T, c *gitlab.Client) error { return c.TestHook(t.Context(), 7, 1) }
	resend := func(t *testing.T, c *gitlab.Client) error { return c.ResendHookEvent(t.Context(), 7, 1, 2) }
	tests := map[string]struct {
		call   func(*testing.T, *gitlab.Client) error
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
		after  time.Duration
		says   string
	}{
		"hooks, gone":          {hooks, always(404, json, `{"message":"404 Project Not Found"}`), gitlab.NotFound, 0, "loading the webhooks of project 7: "},
		"events, old GitLab":   {events, always(404, json, `{"error":"404 Not Found"}`), gitlab.NotFound, 0, "webhook 1 of project 7: "},
		"events, odd status":   {events, always(200, json, `[{"response_status":"soon"}]`), gitlab.Transient, 0, "is no number"},
		"test, too many":       {test, always(429, json, `{"message":{"error":"too many times"}}`), gitlab.Unavailable, time.Minute, "testing webhook 1"},
		"test, a page":         {test, always(201, "text/html", "<html>"), gitlab.Transient, 0, "text/html"},
		"resend, too many":     {resend, always(429, json, `{"message":{"error":"too many times"}}`), gitlab.Unavailable, time.Minute, "resending event 2"},
		"resend, changed":      {resend, always(422, json, `{"message":"The hook URL has changed"}`), gitlab.Permanent, 0, "URL has changed"},
		"resend, not accepted": {resend, always(201, json, `{"response_status":"503"}`), gitlab.Transient, 0, "answered 503"},
		"resend, no answer":    {resend, always(201, json, `{"response_status":"internal error"}`), gitlab.Transient, 0, "gave no answer"},
		"resend, odd":          {resend, always(201, json, `{"response_status":{}}`), gitlab.Transient, 0, "reading the answer"},
		"resend, cut":          {resend, func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Unavailable, 0, "no answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			err := tt.call(t, s.client(t))
			check(t, err, tt.class, tt.says)
			if after := gitlab.RetryDelay(err); after != tt.after {
				t.Errorf("come back after %s, want %s", after, tt.after)
			}
		})
	}
}
