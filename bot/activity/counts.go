package activity

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// The metrics that are read.
const (
	deliveriesMetric = "flowkeeper_deliveries_total"
	decisionsMetric  = "flowkeeper_jobs_total"
	changesMetric    = "flowkeeper_rule_actions_total"
	callsMetric      = "flowkeeper_gitlab_requests_total"
	oldestMetric     = "flowkeeper_inbox_oldest_due_seconds"
)

// Metrics are the metrics that are read.
func Metrics() []string {
	return []string{deliveriesMetric, decisionsMetric, changesMetric, callsMetric, oldestMetric}
}

// counts are what the metrics of this process say, since its start but for the age.
type counts struct{ deliveries, decisions, changes, calls, oldest float64 }

func read(g prometheus.Gatherer) (counts, error) {
	families, err := g.Gather()
	if err != nil {
		return counts{}, err
	}
	var c counts
	for _, f := range families {
		switch f.GetName() {
		case deliveriesMetric:
			c.deliveries = sum(f)
		case decisionsMetric:
			c.decisions = sum(f)
		case changesMetric:
			c.changes = sum(f)
		case callsMetric:
			c.calls = sum(f)
		case oldestMetric:
			c.oldest = sum(f)
		}
	}
	return c, nil
}

func sum(f *dto.MetricFamily) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		total += m.GetCounter().GetValue() + m.GetGauge().GetValue() // one of them is 0
	}
	return total
}

// since is what was counted after an earlier reading.
func (c counts) since(before counts) Bucket {
	return Bucket{
		Deliveries: int64(c.deliveries - before.deliveries), Decisions: int64(c.decisions - before.decisions), Changes: int64(c.changes - before.changes),
		Calls: int64(c.calls - before.calls), Oldest: int64(c.oldest),
	}
}
