package engine_test

import (
	"testing"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestSeverityAt: the first severity is remembered from its event. Where the event may not be of the first one, nothing is.
func TestSeverityAt(t *testing.T) {
	team := triage.NewTeam(triage.TeamConfig{Side: "backend"})
	begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	labels := func(add, remove string) triage.Event {
		e := triage.Event{Kind: triage.Updated | triage.LabelsChanged, At: begin, ReceivedAt: begin}
		if add != "" {
			e.Changes.Added = []string{add}
		}
		if remove != "" {
			e.Changes.Removed = []string{remove}
		}
		return e
	}
	opened := triage.Event{Kind: triage.Opened, At: begin, ReceivedAt: begin}
	created := begin.Add(-time.Hour)
	for name, tt := range map[string]struct {
		event  triage.Event
		memory triage.Memory
		label  string
		want   time.Time
	}{
		"the first":              {labels("severity::2", ""), triage.Memory{}, "severity::2", begin},
		"the first, misspelt":    {labels("Severity:: 2", ""), triage.Memory{}, "severity::2", begin},
		"in place of another":    {labels("severity::2", "severity::3"), triage.Memory{}, "severity::2", time.Time{}},
		"known already":          {labels("severity::2", ""), triage.Memory{SeverityAt: created}, "severity::2", created},
		"another label":          {labels("UX", ""), triage.Memory{}, "severity::2", time.Time{}},
		"gone again":             {labels("severity::2", ""), triage.Memory{}, "UX", time.Time{}},
		"from the opening on":    {opened, triage.Memory{SeenFromCreation: true}, "severity::2", created},
		"an opening of long ago": {opened, triage.Memory{}, "severity::2", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			issue := triage.Issue{Labels: []string{tt.label}, CreatedAt: created}
			d, _, err := engine.Decide(engine.Policy{Team: team}, engine.Case{Issue: issue, Memory: tt.memory, Events: []triage.Event{tt.event}, Now: begin})
			if err != nil || !d.Memory.SeverityAt.Equal(tt.want) {
				t.Errorf("a severity since %v, error %v, want %v", d.Memory.SeverityAt, err, tt.want)
			}
		})
	}
}

// TestSeverityAtRestored: after a lost store GitLab's label events tell; what is remembered wins.
func TestSeverityAtRestored(t *testing.T) {
	team := triage.NewTeam(triage.TeamConfig{Side: "backend"})
	first := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	history := []triage.ResourceEvent{
		{At: first.Add(-time.Hour), Label: "priority::2", Added: true},
		{At: first, Label: "severity::3", Added: true},
		{At: first.Add(time.Hour), Label: "severity::3"},
		{At: first.Add(time.Hour), Label: "severity::2", Added: true},
	}
	if got := engine.RestoreMemory(triage.Memory{}, team, history, 9).SeverityAt; !got.Equal(first) {
		t.Errorf("a severity since %v, want %v", got, first)
	}
	earlier := first.Add(-48 * time.Hour)
	if got := engine.RestoreMemory(triage.Memory{SeverityAt: earlier}, team, history, 9).SeverityAt; !got.Equal(earlier) {
		t.Errorf("a severity since %v, want %v, which is remembered", got, earlier)
	}
	if got := engine.FirstSeverity(team, history[:1]); !got.IsZero() {
		t.Errorf("no event tells, and it is %v", got)
	}
}
