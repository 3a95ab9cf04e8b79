package schedule

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"flowkeeper/rules/triage"
)

type metrics struct {
	issues        prometheus.Counter
	mergeRequests prometheus.Counter
	shown         map[triage.SubjectKind]prometheus.Counter // to policies
	sweeps        *prometheus.CounterVec
	swept         prometheus.Gauge
	unseen        prometheus.Gauge
	disabled      prometheus.Gauge
	reenabled     prometheus.Counter
	resends       prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	return metrics{
		issues: f.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_sweep_issues_total", Help: "Issues that moved since the last sweep and were put into the inbox.",
		}),
		mergeRequests: f.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_sweep_merge_requests_total", Help: "Merge requests that moved since the last sweep and were put into the inbox.",
		}),
		shown: map[triage.SubjectKind]prometheus.Counter{
			triage.SubjectIssue: f.NewCounter(prometheus.CounterOpts{
				Name: "flowkeeper_policy_walk_issues_total", Help: "Issues to which nothing had happened and that were put into the inbox for new policies.",
			}),
			triage.SubjectMergeRequest: f.NewCounter(prometheus.CounterOpts{
				Name: "flowkeeper_policy_walk_merge_requests_total",
				Help: "Merge requests to which nothing had happened and that were put into the inbox for new policies.",
			}),
		},
		sweeps: f.NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_sweeps_total",
			Help: "Sweeps of this process: done, incomplete (some projects failed), or stopped because GitLab or the store was away.",
		}, []string{"result"}),
		swept: f.NewGauge(prometheus.GaugeOpts{
			Name: "flowkeeper_sweep_last_success_timestamp_seconds", Help: "When this process last swept all projects, in Unix seconds; 0 is never.",
		}),
		unseen: f.NewGauge(prometheus.GaugeOpts{
			Name: "flowkeeper_hooks_unseen", Help: "Projects whose webhooks the token may not see, in the process that looked last.",
		}),
		disabled: f.NewGauge(prometheus.GaugeOpts{
			Name: "flowkeeper_hooks_disabled", Help: "Webhooks of the bot that GitLab disabled, in the process that looked last.",
		}),
		reenabled: f.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_hooks_reenabled_total", Help: "Webhooks that GitLab had disabled and a test delivery started again.",
		}),
		resends: f.NewCounter(prometheus.CounterOpts{
			Name: "flowkeeper_hook_resends_total", Help: "Failed deliveries that GitLab sent again when asked, with success.",
		}),
	}
}
