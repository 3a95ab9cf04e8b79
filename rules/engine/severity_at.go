package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// updateSeverityAt records when the issue got its first severity, where the events tell.
func updateSeverityAt(in *triage.Input) {
	if !in.Memory.SeverityAt.IsZero() || in.ScopedValue(triage.SeverityScope) == "" {
		return
	}
	severity := func(label string) bool { return isSeverity(in.Team, label) }
	for _, e := range in.Events {
		switch {
		case slices.ContainsFunc(e.Changes.Removed, severity):
			return // there was one before, and nobody tells since when
		case slices.ContainsFunc(e.Changes.Added, severity):
			in.Memory.SeverityAt = e.At
			return
		}
	}
	if in.Memory.SeenFromCreation && in.Kinds&triage.Opened != 0 {
		in.Memory.SeverityAt = in.Issue.CreatedAt
	}
}

// FirstSeverity is when an issue got its first severity label by its label events, the oldest of which comes first; zero if none tells.
func FirstSeverity(team *triage.Team, history []triage.ResourceEvent) time.Time {
	for _, e := range history {
		if e.Added && isSeverity(team, e.Label) {
			return e.At
		}
	}
	return time.Time{}
}

func isSeverity(team *triage.Team, label string) bool {
	_, ok := team.Severity.ValueOf(team.Canonical(label))
	return ok
}
