package worker

import (
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// measure counts what became of the job. The labels are few: commands and rules are those of the policy.
func (p *Pool) measure(j *job, result string, took time.Duration) {
	for _, r := range j.decision.Pending.Results {
		p.metrics.commands.WithLabelValues(r.Command, outcome(r)).Inc()
	}
	p.metrics.jobs.WithLabelValues(result).Inc()
	p.metrics.duration.Observe(took.Seconds())
	if !isFinal(result) {
		return
	}
	now := p.o.Now()
	for _, at := range j.mail.receivedAt {
		p.metrics.toDone.Observe(max(0, now.Sub(at)).Seconds()) // another replica's clock may be ahead
	}
	if result != "done" {
		return
	}
	for _, f := range j.decision.Findings {
		if f.Evaluated {
			p.metrics.findings.WithLabelValues(f.Rule, findingOutcome(f)).Inc()
		}
	}
}

// isFinal reports whether a job of this result ends its deliveries: they are not handled again unless a person says so.
func isFinal(result string) bool {
	switch result {
	case "done", "gone", "buried", "stopped":
		return true
	}
	return false
}

// notableRules are the rules that had something to say, see findingOutcome.
func (j *job) notableRules() []string {
	rules := []string{}
	for _, f := range j.decision.Findings {
		if f.Evaluated && findingOutcome(f) != outcomeNothing {
			rules = append(rules, f.Rule)
		}
	}
	return rules
}

const outcomeNothing = "nothing"

// findingOutcome is what a rule came to, in one of five words.
func findingOutcome(f engine.Finding) string {
	switch {
	case f.Overridden:
		return "overridden"
	case f.Mode == triage.Shadow && len(f.Would) > 0:
		return "shadow"
	case f.Mode == triage.Act && len(f.Wants) > 0:
		return "changed"
	case f.Mode >= triage.Remind && f.Notable:
		return "told"
	}
	return outcomeNothing
}
