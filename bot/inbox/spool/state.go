package spool

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Waiting is how many deliveries are in the file and not in the inbox yet.
func (s *Spool) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.backlog.waiting)
}

// Accepts reports whether a delivery that comes now is accepted, as far as is known: the inbox answers, or the file has room and can be
// written.
func (s *Spool) Accepts() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.circuit.open || !s.full() && s.store.Failure() == nil
}

// Degraded is nil while everything goes directly. Otherwise it says in a sentence for operators what does not, since when, and how much
// waits.
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
	if s.full() {
		say("the spool is full")
	}
	if err := s.store.Failure(); err != nil {
		say("%v", s.unwritable(err))
	}
	if s.lost > 0 {
		say("%s in %s that cannot be read", deliveries(s.lost), filepath.Join(s.o.Dir, File))
	}
	if len(all) == 0 {
		return nil
	}
	return errors.New(strings.Join(all, "; "))
}

func (s *Spool) full() bool {
	return s.backlog.full || s.backlog.held >= s.o.Max || s.backlog.bytes >= s.o.MaxBytes
}

// refused is a queue that fails although the inbox answers, nil if there is none.
func (s *Spool) refused() *issueQueue {
	for _, q := range s.backlog.backingOff {
		if q.logged {
			return q
		}
	}
	return nil
}

func deliveries(n int) string {
	if n == 1 {
		return "1 delivery waits"
	}
	return fmt.Sprintf("%d deliveries wait", max(0, n))
}

type metrics struct {
	spooled prometheus.Counter
	drained prometheus.Counter
}

func newMetrics(r prometheus.Registerer, waiting func() int) metrics {
	auto := promauto.With(r)
	auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "flowkeeper_spool_deliveries", Help: "Deliveries that wait in the spool.",
	}, func() float64 { return float64(waiting()) })
	return metrics{
		spooled: auto.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_spooled_total", Help: "Deliveries that went into the spool because the inbox did not answer.",
		}),
		drained: auto.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_spool_drained_total", Help: "Deliveries that went from the spool to the inbox.",
		}),
	}
}
