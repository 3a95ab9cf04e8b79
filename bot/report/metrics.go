package report

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"flowkeeper/rules/planning"
)

// metrics count what is done with reports, by kind.
type metrics struct {
	composed *prometheus.CounterVec
	results  *prometheus.CounterVec
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	m := metrics{
		composed: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_reports_composed_total", Help: "Documents composed, by report.",
		}, []string{"report"}),
		results: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_reports_total",
			Help: "What became of reports: opened, edited, unchanged, nothing (there was nothing to say), composed (in shadow), failed, broken (by people), missed (due too long ago).",
		}, []string{"report", "result"}),
		calls: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_report_calls_total", Help: "Requests to GitLab for reports, by report.",
		}, []string{"report"}),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "flowkeeper_report_seconds", Help: "How long it took to gather, compose and publish a report.", Buckets: []float64{.1, .5, 2, 10, 30, 60, 120, 300},
		}, []string{"report"}),
	}
	for _, k := range scheduled { // so that the first failure is an increase
		for _, result := range []string{Opened, Edited, Unchanged, Nothing, Composed, failed, broken, missed} {
			m.results.WithLabelValues(string(k), result)
		}
		m.composed.WithLabelValues(string(k))
		m.calls.WithLabelValues(string(k))
		m.seconds.WithLabelValues(string(k))
	}
	return m
}

// What becomes of reports that are not published, for metrics.
const (
	failed = "failed" // tried again
	broken = "broken" // people broke the block
	missed = "missed" // its time had passed for too long
)

// record counts one publication of a report.
func (m metrics) record(k planning.Kind, result string, calls int64, took time.Duration) {
	m.results.WithLabelValues(string(k), result).Inc()
	m.calls.WithLabelValues(string(k)).Add(float64(calls))
	m.seconds.WithLabelValues(string(k)).Observe(took.Seconds())
}
