package webhook

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the handler exports. Label values come from fixed sets: results from the statuses of the answers, reasons from the
// causes of refusals, the classes of Ignored and those of the Receiver.
type metrics struct {
	deliveries *prometheus.CounterVec
	seconds    prometheus.Histogram
	bytes      prometheus.Histogram
}

// newMetrics registers the metrics; with a nil registry they are counted and never shown.
func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	return metrics{
		deliveries: f.NewCounterVec(prometheus.CounterOpts{
			Namespace: "flowkeeper",
			Name:      "deliveries_total",
			Help:      "Webhook requests by what became of them and why.",
		}, []string{"result", "reason"}),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "flowkeeper",
			Name:      "delivery_seconds",
			Help:      "How long webhook requests took, from their headers to the answer.",
			Buckets:   []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}),
		bytes: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "flowkeeper",
			Name:      "delivery_body_bytes",
			Help:      "Size of the bodies of webhook requests that were read.",
			Buckets:   prometheus.ExponentialBuckets(1<<10, 4, 9), // 1 KiB to 64 MiB
		}),
	}
}

// count records how a request ended and how long it took.
func (m metrics) count(out outcome, took time.Duration) {
	m.deliveries.WithLabelValues(out.answer.Status, out.class).Inc()
	m.seconds.Observe(took.Seconds())
}
