package admin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, path, nil)
}

func TestReadiness(t *testing.T) {
	broken := errors.New("redis at localhost:1: connection refused")
	h := admin.New(admin.Options{Checks: []admin.Check{
		{Name: "inbox", Check: func(context.Context) error { return broken }}, {Name: "gitlab", Check: func(context.Context) error { return nil }},
	}, Metrics: prometheus.NewRegistry(), Store: kept{}})
	w := get(h, "/readyz")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), broken.Error()) || !strings.Contains(w.Body.String(), `"gitlab":"ok"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	broken = nil
	if w := get(h, "/readyz"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"status":"ready"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(h, "/healthz"); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(h, "/elsewhere"); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestReadinessDoesNotHang: a check that never answers is cut off, and the load balancer gets its 503.
func TestReadinessDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := admin.New(admin.Options{
			Checks: []admin.Check{{Name: "stuck", Check: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}, Metrics: prometheus.NewRegistry(), Store: kept{},
		})
		if w := get(h, "/readyz"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestCached(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var outcome error
	c := admin.Cached(admin.Check{Name: "x", Check: func(context.Context) error { return outcome }}, 10*time.Second, func() time.Time { return now })
	first := c.Check(t.Context())
	outcome = errors.New("down")
	kept := c.Check(t.Context())
	now = now.Add(10 * time.Second)
	after := c.Check(t.Context())
	if first != nil || kept != nil || !errors.Is(after, outcome) {
		t.Errorf("first %v, kept %v, after %v", first, kept, after)
	}
	outcome = nil
	now = now.Add(time.Second)
	if again := c.Check(t.Context()); again != nil {
		t.Errorf("a failure is kept for longer than a second: %v", again)
	}
}

// kept holds one decision of issue 7#12 and no letters.
type kept struct{ letters }

func (kept) Records(_ context.Context, issue triage.Ref, _ int) ([]inbox.Record, error) {
	if issue != (triage.Ref{Project: 7, IID: 12}) {
		return nil, nil
	}
	return []inbox.Record{{Issue: issue, Body: []byte(`{"ours":true}`)}}, nil
}

func (kept) RecentRecords(context.Context, int) ([]inbox.Record, error) {
	return nil, errors.New("the store is away")
}

func TestDecisions(t *testing.T) {
	h := admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: kept{}})
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/decisions/7/12": {http.StatusOK, `"decision":{"ours":true}`},
		"/decisions/7/13": {http.StatusOK, "[]"},
		// The merge request of the same number is another subject.
		"/decisions/7/merge_requests/12": {http.StatusOK, "[]"},
		"/decisions/7/merge_requests/x":  {http.StatusBadRequest, "/decisions/7/merge_requests/12 for a merge request"},
		"/decisions/seven/12":            {http.StatusBadRequest, "a number above 0 is wanted"},
		"/decisions?limit=-1":            {http.StatusBadRequest, "a number above 0 is wanted"},
		"/decisions":                     {http.StatusServiceUnavailable, "the store is away"},
	} {
		if w := get(h, path); w.Code != want.code || !strings.Contains(w.Body.String(), want.text) {
			t.Errorf("%s: %d %s, want %d and %q", path, w.Code, w.Body, want.code, want.text)
		}
	}
}

// TestEveryPathIsPrivate asks by a foreign name, as a page on the web does whose name was made to point here: only probes are answered, and
// without details.
func TestEveryPathIsPrivate(t *testing.T) {
	secret := errors.New("redis at 10.0.0.7: refused")
	h := admin.New(admin.Options{
		Checks: []admin.Check{{Name: "inbox", Check: func(context.Context) error { return secret }}}, Metrics: prometheus.NewRegistry(), Store: kept{}, Hosts: []string{"prom.example"},
	})
	paths := []string{"/metrics", "/decisions", "/decisions/7/12", "/dead", "/dead/7/12", "/shadow", "/", "/elsewhere", "/healthz/", "/readyz/x"}
	for _, path := range paths {
		if w := do(h, http.MethodGet, path, http.Header{"Host": {"evil.example:8081"}}); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "FLOWKEEPER_ADMIN_HOSTS") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		for _, host := range []string{"127.0.0.1:8081", "10.42.0.7:8081", "[fd00::7]:8081", "localhost:8081", "prom.example:8081"} {
			if w := do(h, http.MethodGet, path, http.Header{"Host": {host}}); w.Code == http.StatusForbidden {
				t.Errorf("%s of %s: %d %s", path, host, w.Code, w.Body)
			}
		}
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		if w := do(h, http.MethodGet, path, http.Header{"Host": {"balancer.example"}}); w.Code != want || strings.Contains(w.Body.String(), "redis") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := do(h, http.MethodGet, "/readyz", nil); !strings.Contains(w.Body.String(), secret.Error()) {
		t.Errorf("asked by address: %s", w.Body)
	}
}
