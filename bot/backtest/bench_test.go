package backtest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
)

// BenchmarkThousandIssues plays 1,000 issues of a GitLab that takes 50 ms for an answer, and says how much memory that holds at its end.
func BenchmarkThousandIssues(b *testing.B) {
	const issues, latency = 1000, 50 * time.Millisecond
	g := sandbox.New(sandbox.Options{Token: token})
	defer g.Close()
	web := httptest.NewServer(slow(g, latency))
	defer web.Close()
	project := g.AddProject("team/project")
	if _, err := g.AddUser("ann", "Ann", sandbox.Maintainer); err != nil {
		b.Fatal(err)
	}
	for n := range issues {
		ref, err := g.Open("ann", project, sandbox.IssueOptions{Title: fmt.Sprint("issue ", n), Labels: []string{"type::bug"}})
		if err == nil {
			err = g.Edit("ann", ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		calls := backtest.NewCalls(100_000, 0)
		client, err := gitlab.New(gitlab.Options{URL: web.URL, Token: token, Limit: calls})
		if err != nil {
			b.Fatal(err)
		}
		self, err := client.CurrentUser(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		now := time.Now()
		result, err := backtest.Run(b.Context(), backtest.Options{
			GitLab: client, Bot: self, Project: project, Path: "team/project", Workers: 8, Since: now.Add(-day), Now: now.Add(30 * day),
			Sleep: func(context.Context, time.Duration) bool { return true }, Policies: []engine.Policy{handbook()},
		})
		if err != nil || result.Reports[0].Issues != issues {
			b.Fatalf("%d issues were played: %v", result.Reports[0].Issues, err)
		}
		b.ReportMetric(float64(calls.Made())/issues, "calls/issue")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<20), "MB")
	}
}

// slow answers after a while.
func slow(h http.Handler, latency time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		late := time.NewTimer(latency)
		defer late.Stop()
		select {
		case <-late.C:
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}
