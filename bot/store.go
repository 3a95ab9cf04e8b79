package bot

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/inbox/sqlite"
)

// openStores opens the store, Redis if there is a URL, else the embedded one, as the inbox and for coordination. One process has the
// embedded store to itself: what only those who run agree on then stays in memory.
func openStores(ctx context.Context, o Options) (inbox.Inbox, *coordination.Coordinator, error) {
	if o.Inbox.RedisURL == "" {
		s, err := sqlite.Open(sqlite.Options{Dir: o.Inbox.DataDir, Lease: o.Inbox.Lease, MaxDeliveries: o.Inbox.Max, Log: o.Log})
		if err != nil {
			return nil, nil, err
		}
		return s, coordination.New(s, coordination.NewMemory(time.Now), s), nil
	}
	_, fresh := os.Stat(spoolPath(o))
	s, err := redis.Open(ctx, redis.Options{URL: o.Inbox.RedisURL, Lease: o.Inbox.Lease, MaxDeliveries: o.Inbox.Max, Later: fresh == nil, Log: o.Log})
	if err != nil {
		return nil, nil, err
	}
	return s, coordination.New(s, s, s), nil
}

// spoolPath is the spool's file. It exists once a process had reached its Redis. Only without it, at the first start, does a Redis that does not
// answer count as a mistake in its address.
func spoolPath(o Options) string { return filepath.Join(o.Inbox.DataDir, spool.File) }

// openSpool opens the spool, which takes deliveries while Redis does not answer, in the data directory. The embedded store needs none.
func openSpool(o Options, into inbox.Inbox, registry prometheus.Registerer) (*spool.Spool, error) {
	if o.Inbox.RedisURL == "" {
		return nil, nil
	}
	return spool.Open(spool.Options{Inbox: into, Dir: o.Inbox.DataDir, Max: o.Inbox.Spool, Now: time.Now, Log: o.Log, Registry: registry})
}

// deliveryQueue is where deliveries go: into the inbox, via the spool if there is one.
func (a *App) deliveryQueue() queue {
	if a.spool == nil {
		return a.inbox
	}
	ctx, cancel := context.WithCancel(context.Background())
	drained := make(chan struct{})
	go func() { defer close(drained); a.spool.Run(ctx) }()
	a.onStop("spool", func(context.Context) error {
		cancel()
		<-drained
		return a.spool.Close()
	})
	return a.spool
}

// checkStorage says whether what is delivered can be kept: in the inbox, or else in the spool.
func (a *App) checkStorage(ctx context.Context) error {
	err := a.inbox.Ping(ctx)
	if a.spool == nil {
		return err
	}
	if degraded := a.spool.Degraded(); degraded != nil {
		err = degraded
	}
	if err != nil && a.spool.Accepts() {
		return admin.Degraded{Err: err}
	}
	return err
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

func (c inboxCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingIssues, waitingDeliveries, leasedIssues, deadLetters, oldestDue} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. If the store does not answer there are no values, and alerts are on their absence.
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
	gauge(deadLetters, float64(s.DeadLetters))
	gauge(oldestDue, s.Oldest.Seconds())
}
