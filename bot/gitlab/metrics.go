package gitlab

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics count requests by the call's name and the class of its status ("2xx" … "5xx", "none" without an answer).
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// newMetrics registers the metrics; with a nil registry they are counted and never shown.
func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	return metrics{
		requests: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_gitlab_requests_total",
			Help: "Requests to the GitLab API, by call and class of the answer's status; none is no answer.",
		}, []string{"call", "status"}),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "flowkeeper_gitlab_request_seconds",
			Help:    "How long requests to the GitLab API took, the wait for the limiter not counted.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"call"}),
	}
}

// record counts one request. status is 0 if there was no answer.
func (m metrics) record(call string, status int, took time.Duration) {
	class := "none"
	if status >= 100 && status <= 599 {
		class = strconv.Itoa(status/100) + "xx"
	}
	m.requests.WithLabelValues(call, class).Inc()
	m.seconds.WithLabelValues(call).Observe(took.Seconds())
}
