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
)

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestReadiness(t *testing.T) {
	broken := errors.New("redis at localhost:1: connection refused")
	h := admin.New([]admin.Check{
		{Name: "inbox", Check: func(context.Context) error { return broken }}, {Name: "gitlab", Check: func(context.Context) error { return nil }},
	}, prometheus.NewRegistry())
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
		h := admin.New([]admin.Check{{Name: "stuck", Check: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}, prometheus.NewRegistry())
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
