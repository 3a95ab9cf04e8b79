package admin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/report"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// someReports has a report in shadow and one whose block is broken.
type someReports struct{ err error }

func (s someReports) Overview(context.Context) (report.Overview, error) {
	at := time.Date(2026, time.December, 7, 6, 0, 0, 0, time.UTC)
	return report.Overview{
		Reports: []report.Status{{Report: planning.KindTriage, Mode: triage.Shadow, NextAt: at, NextKey: "2026-12-07", Last: &report.Kept{Key: "2026-11-30", Error: "GitLab is away"}}},
		Open:    []report.Open{{Report: planning.KindPlanning, Key: "19.8", Issue: "7#12", Broken: "the block has no end mark"}},
	}, s.err
}

func (s someReports) KeptReport(_ context.Context, k planning.Kind) (report.Kept, bool, error) {
	return report.Kept{Document: "# Triage"}, k == planning.KindTriage, s.err
}

// TestReports: what becomes of reports is told to programs and to people.
func TestReports(t *testing.T) {
	get := func(reports func() admin.Reports, path string) (int, string) {
		h := admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: kept{}, Reports: reports})
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	some := func() admin.Reports { return someReports{} }
	for path, want := range map[string]string{
		"/reports":             `"report":"triage","mode":"shadow","next_at":"2026-12-07T06:00:00Z"`,
		"/reports?format=text": "triage  shadow  2026-12-07 06:00 UTC (2026-12-07)  2026-11-30: failed: GitLab is away",
		"/reports/triage":      "# Triage",
	} {
		if code, body := get(some, path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s is %d %s", path, code, body)
		}
	}
	if _, body := get(some, "/reports?format=text"); !strings.Contains(body, "7#12") || !strings.Contains(body, "no end mark") {
		t.Errorf("the open reports are not told: %s", body)
	}
	if code, _ := get(some, "/reports/build"); code != http.StatusNotFound {
		t.Errorf("a report of which nothing is kept is %d", code)
	}
	away := func() admin.Reports { return someReports{errors.New("the store is away")} }
	for _, path := range []string{"/reports", "/reports/triage"} {
		if code, _ := get(away, path); code != http.StatusServiceUnavailable {
			t.Errorf("%s without a store is %d", path, code)
		}
		if code, _ := get(nil, path); code != http.StatusServiceUnavailable {
			t.Errorf("%s too early is %d", path, code)
		}
	}
}
