package worker

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"flowkeeper/bot/gitlab"
)

type metrics struct {
	jobs     *prometheus.CounterVec
	duration prometheus.Histogram
	actions  *prometheus.CounterVec
	shadow   *prometheus.CounterVec
	notes    *prometheus.CounterVec
	fights   prometheus.Counter
	commands *prometheus.CounterVec
	findings *prometheus.CounterVec
	toDone   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	return metrics{
		jobs: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_jobs_total", Help: "Issues handled, by what became of them.",
		}, []string{"result"}),
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Name: "flowkeeper_job_duration_seconds", Help: "From the claim of an issue to its acknowledgement.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 60},
		}),
		actions: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_rule_actions_total", Help: "Actions carried out, by rule.",
		}, []string{"rule"}),
		shadow: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_shadow_total", Help: "What rules in shadow would have done, by rule: each thing once on an issue until it changes.",
		}, []string{"rule"}),
		notes: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_notes_total", Help: "Sticky notes written: created, edited, found deleted by people, or left to a former bot user.",
		}, []string{"what"}),
		commands: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_commands_total", Help: "Commands in comments, by command (empty for what is none) and by what became of them.",
		}, []string{"command", "result"}),
		fights: f.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_fights_total", Help: "Issues on which the bot stopped because it changed them ten times in ten minutes.",
		}),
		findings: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_rule_findings_total",
			Help: "What rules said of the issues that were handled, by rule: changed the issue, told people, shadow (would have done something), overridden by people, nothing.",
		}, []string{"rule", "outcome"}),
		toDone: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "flowkeeper_event_to_done_seconds",
			Help:    "From the receipt of a delivery, by whichever replica, to the end of the job that handled it; the time to settle and retries count.",
			Buckets: []float64{.1, .5, 1, 2, 2.5, 3, 5, 10, 30, 60, 300, 1800, 7200, 43200},
		}),
	}
}

// measureDenials shows while GitLab refuses the bot as a whole.
func (p *Pool) measureDenials() {
	for _, what := range []gitlab.Denied{gitlab.DeniedToken, gitlab.DeniedAccount} {
		promauto.With(p.o.Registry).NewGaugeFunc(prometheus.GaugeOpts{
			Name: "flowkeeper_gitlab_denied", Help: "1 while GitLab refuses the bot as a whole: its token, or the account of its user.",
			ConstLabels: prometheus.Labels{"what": string(what)},
		}, func() float64 {
			if gitlab.DeniedOf(p.Denied()) == what {
				return 1
			}
			return 0
		})
	}
}
