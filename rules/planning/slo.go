package planning

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// HandbookSLO are the limits of the handbook's "Severity SLOs".
var HandbookSLO = SLOOptions{
	Bug:      [4]time.Duration{30 * day, 60 * day, 90 * day, 120 * day},
	Infradev: [4]time.Duration{7 * day, 30 * day, 60 * day, 90 * day},
	Near:     [4]int{75, 75, 50, 0},
}

const day = 24 * time.Hour

// SLOLimit is how long an issue may stay open. Near is the part of that time after which it is near its limit, 0 if it never is.
type SLOLimit struct {
	Severity string // the team's name for it
	Rank     int    // of the severity, 0 for the worst
	Limit    time.Duration
	Near     time.Duration
}

// Limit is the limit of an open issue with these labels, by the handbook's "Severity SLOs": bugs have one by their severity, issues labelled
// infradev others. The team's severities have the limits in their order; those beyond have none. Of several severities the most severe counts. Ok is false for issues that have none: those that are no bugs and not infradev,
// or without a severity.
func (o SLOOptions) Limit(labels []string, t *triage.Team) (l SLOLimit, ok bool) {
	limits := o.Bug
	switch {
	case hasRole(labels, t, triage.Infradev):
		limits = o.Infradev
	case !isOfType(labels, t, "bug"):
		return SLOLimit{}, false
	}
	rank := rankOf(labels, t, triage.SeverityScope)
	if rank < 0 || rank >= len(limits) || limits[rank] <= 0 {
		return SLOLimit{}, false
	}
	limit := limits[rank]
	return SLOLimit{Severity: t.Severity.Values[rank], Rank: rank, Limit: limit, Near: limit * time.Duration(o.Near[rank]) / 100}, true
}

// Clock runs from the moment at which an issue got its first severity until it is closed. Another severity changes the limit, not the beginning.
type Clock struct {
	SLOLimit

	Since time.Time
}

// SLOState is how far a clock has run.
type SLOState uint8

// The states of a clock, in the order in which it passes them.
const (
	InTime SLOState = iota
	NearSLO
	PastSLO
)

// State is how far the clock has run at a moment. At its limit it is past it.
func (c Clock) State(now time.Time) SLOState {
	switch near, ok := c.NearAt(); {
	case !now.Before(c.PastAt()):
		return PastSLO
	case ok && !now.Before(near):
		return NearSLO
	default:
		return InTime
	}
}

// PastAt is when the limit is reached.
func (c Clock) PastAt() time.Time { return c.Since.Add(c.Limit) }

// NearAt is when the issue gets near its limit; false if that is not told of its severity.
func (c Clock) NearAt() (time.Time, bool) { return c.Since.Add(c.Near), c.Near > 0 && c.Near < c.Limit }

// ClockOf is the clock of an issue; ok is false if none runs: it is closed or has no limit. A clock whose beginning is not known runs from the
// issue's creation, which Approximate says.
func (o SLOOptions) ClockOf(i *Issue, t *triage.Team) (c Clock, approximate, ok bool) {
	l, ok := o.Limit(i.Labels, t)
	if !ok || i.Closed {
		return Clock{}, false, false
	}
	if i.SeverityAt.IsZero() {
		return Clock{l, i.CreatedAt}, true, true
	}
	return Clock{l, i.SeverityAt}, false, true
}

// hasRole reports whether one of the labels is of a role.
func hasRole(labels []string, t *triage.Team, r triage.LabelRole) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(t.LabelNames(r), t.Canonical(l)) })
}

// isOfType reports whether labels say that an issue is of a type, by its label or by that of a subtype, bug::performance.
func isOfType(labels []string, t *triage.Team, kind string) bool {
	return slices.ContainsFunc(labels, func(l string) bool {
		l = t.Canonical(l)
		return triage.Scope(l) == kind || triage.Value(l) == kind && slices.Contains(t.LabelNames(triage.TypeScope), triage.Scope(l))
	})
}

// rankOf is the place of the severity or the priority that labels tell, 0 for the worst; the worst of several, -1 if there is none.
func rankOf(labels []string, t *triage.Team, scope triage.LabelRole) int {
	worst, levels := -1, t.Levels(scope)
	for _, l := range labels {
		value, ok := levels.ValueOf(t.Canonical(l))
		if !ok {
			continue
		}
		if rank := levels.Rank(value); rank >= 0 && (worst < 0 || rank < worst) {
			worst = rank
		}
	}
	return worst
}
