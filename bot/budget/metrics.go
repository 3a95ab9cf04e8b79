package budget

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics show where calls wait. Classes are command (work that somebody waits for), note (a comment of other work) and ordinary.
type metrics struct {
	waits *prometheus.HistogramVec
}

// newMetrics registers the metrics; with a nil registry they are kept and never shown.
func newMetrics(r prometheus.Registerer, b *Budget) metrics {
	f := promauto.With(r)
	for of, l := range map[string]*limiter{"calls": b.calls, "notes": b.notes} {
		f.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "flowkeeper_gitlab_budget_remaining",
			Help:        "What could be spent at once, as far as this process knows: calls, and comments among them.",
			ConstLabels: prometheus.Labels{"budget": of},
		}, l.available)
	}
	return metrics{waits: f.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "flowkeeper_gitlab_budget_waits_seconds",
		Help:    "How long calls of the GitLab API waited for their budget, by class: command, note, ordinary.",
		Buckets: []float64{.005, .05, .25, 1, 5, 15, 60, 300},
	}, []string{"class"})}
}

// waited counts one wait, also one that was given up.
func (m metrics) waited(c class, note bool, took time.Duration) {
	name := "ordinary"
	switch {
	case c == urgent:
		name = "command"
	case note:
		name = "note"
	}
	m.waits.WithLabelValues(name).Observe(took.Seconds())
}
