package bot

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/bolt"
	"flowkeeper/bot/inbox/redis"
)

// openInbox opens the store: Redis if there is a URL, else the embedded one.
func openInbox(ctx context.Context, o Options) (inbox.Inbox, error) {
	if o.RedisURL == "" {
		return bolt.Open(bolt.Options{Dir: o.DataDir, Lease: o.Lease, Log: o.Log})
	}
	store, err := redis.Open(ctx, redis.Options{URL: o.RedisURL, Lease: o.Lease, Log: o.Log})
	if err != nil {
		return nil, err
	}
	warning, err := store.Durability(ctx)
	if err != nil {
		o.Log.Warn("asking Redis how durable it is", zap.Error(err))
	}
	if warning != "" {
		o.Log.Warn(warning)
	}
	return store, nil
}

// inboxCollector measures the inbox when somebody looks at the metrics.
type inboxCollector struct{ inbox inbox.Inbox }

var (
	waitingIssues     = prometheus.NewDesc("flowkeeper_inbox_issues", "Issues with waiting deliveries.", nil, nil)
	waitingDeliveries = prometheus.NewDesc("flowkeeper_inbox_deliveries", "Deliveries that wait to be handled.", nil, nil)
	leasedIssues      = prometheus.NewDesc("flowkeeper_inbox_leased", "Issues that a worker holds.", nil, nil)
	deadLetters       = prometheus.NewDesc("flowkeeper_inbox_dead", "Dead letters.", nil, nil)
	oldestDue         = prometheus.NewDesc("flowkeeper_inbox_oldest_due_seconds", "How long the most overdue issue has been due.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c inboxCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingIssues, waitingDeliveries, leasedIssues, deadLetters, oldestDue} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. A store that does not answer gives no values: their absence is what to alert on.
func (c inboxCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s, err := c.inbox.Stats(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	gauge(waitingIssues, float64(s.Issues))
	gauge(waitingDeliveries, float64(s.Deliveries))
	gauge(leasedIssues, float64(s.Leased))
	gauge(deadLetters, float64(s.Dead))
	gauge(oldestDue, s.Oldest.Seconds())
}
