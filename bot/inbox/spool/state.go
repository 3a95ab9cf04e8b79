package spool

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Waiting is how many deliveries are in the file and not in the inbox yet.
func (s *Spool) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backlog.waiting
}

// Degraded is nil while everything goes straight. Otherwise it says in a sentence for operators what does not, since when, and how much
// waits. Deliveries are accepted all the same unless it says that the spool is full or cannot be written.
func (s *Spool) Degraded() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	waiting := deliveries(s.backlog.waiting)
	switch refused := s.refused(); {
	case s.circuit.open:
		say("Redis does not answer since %s; %s in the spool", s.circuit.since.Format(time.TimeOnly), waiting)
	case refused != nil:
		say("Redis does not take what there is for %s: %v; %s in the spool", refused.issue, refused.failed, waiting)
	case s.backlog.waiting > 0:
		say("Redis answers; %s in the spool and are being handed over", waiting)
	}
	if s.backlog.held >= s.o.Max || s.backlog.bytes >= s.o.MaxBytes {
		say("the spool is full")
	}
	if s.unsaved != nil {
		say("%v", s.unsaved)
	}
	if s.lost > 0 {
		say("%s in the spool's file %s that cannot be read; the next start moves it aside", deliveries(s.lost), s.o.Path)
	}
	if len(all) == 0 {
		return nil
	}
	return errors.New(strings.Join(all, "; "))
}

// refused is a lane that fails although the inbox answers, nil if there is none.
func (s *Spool) refused() *lane {
	for _, l := range s.backlog.resting {
		if l.told {
			return l
		}
	}
	return nil
}

func deliveries(n int) string {
	if n == 1 {
		return "1 delivery waits"
	}
	return fmt.Sprintf("%d deliveries wait", n)
}

type metrics struct {
	spooled prometheus.Counter
	drained prometheus.Counter
}

// newMetrics registers all metrics, or none.
func newMetrics(r prometheus.Registerer, waiting func() int) (metrics, error) {
	m := metrics{
		spooled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_spooled_total", Help: "Deliveries that went into the spool because the inbox did not answer.",
		}),
		drained: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_spool_drained_total", Help: "Deliveries that went from the spool to the inbox.",
		}),
	}
	if r == nil {
		return m, nil
	}
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "flowkeeper_spool_deliveries", Help: "Deliveries that wait in the spool.",
	}, func() float64 { return float64(waiting()) })
	var done []prometheus.Collector
	for _, c := range []prometheus.Collector{m.spooled, m.drained, gauge} {
		if err := r.Register(c); err != nil {
			for _, d := range done {
				r.Unregister(d)
			}
			return m, err
		}
		done = append(done, c)
	}
	return m, nil
}
