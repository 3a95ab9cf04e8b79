package rules_test

import (
	"testing"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestDuplicateCloseLastWord: of a marking and a reopening that are decided together the later one counts, in whatever order they arrive.
func TestDuplicateCloseLastWord(t *testing.T) {
	at := func(minute int, e triage.Event) triage.Event {
		e.At = noon.Add(time.Duration(minute) * time.Minute)
		e.ReceivedAt = e.At
		return e
	}
	marked := triage.Event{Kind: triage.Updated | triage.LabelsChanged, Changes: triage.Changes{Added: []string{"Duplicate"}}}
	reopened := triage.Event{Kind: triage.Updated | triage.Reopened}
	tests := map[string]struct {
		events []triage.Event
		closes bool
	}{
		"marked":                         {[]triage.Event{at(1, marked)}, true},
		"marked, then reopened":          {[]triage.Event{at(1, marked), at(2, reopened)}, false},
		"the same, arriving reversed":    {[]triage.Event{at(2, reopened), at(1, marked)}, false},
		"reopened, then marked":          {[]triage.Event{at(1, reopened), at(2, marked)}, true},
		"marked, reopened, marked again": {[]triage.Event{at(1, marked), at(2, reopened), at(3, marked)}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			issue := triage.Issue{Labels: []string{"Duplicate"}, CreatedAt: noon, UpdatedAt: noon}
			d, _, err := engine.Decide(policyFor(t, "duplicate-close"), engine.Case{Issue: issue, Events: tt.events, Now: noon.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			if d.Result.Closed != tt.closes {
				t.Errorf("closed %t, want %t: %s", d.Result.Closed, tt.closes, d.Findings[0].Reason)
			}
		})
	}
}
