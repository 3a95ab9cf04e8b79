package triage_test

import (
	"testing"
	"time"

	"flowkeeper/rules/triage"
)

// TestTurnsFollowEachOther takes an issue that is closed, reopened and closed again, told of by GitLab's dates or by those of the events.
func TestTurnsFollowEachOther(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 3, 2, 10, 0, second, 0, time.UTC) }
	event := func(k triage.Kind, at, turned time.Time) triage.Event {
		return triage.Event{Kind: k, At: at, Changes: triage.Changes{ClosedAt: turned}}
	}
	story := [][]triage.Event{
		{event(triage.Closed|triage.Updated, at(2), at(1)), event(triage.Closed|triage.Updated, at(3), at(1))},
		{event(triage.Reopened, at(5), at(1)), event(triage.Reopened|triage.LabelsChanged, at(6), at(1))},
		{event(triage.Closed, at(8), at(7)), event(triage.Closed, at(9), at(7))},
		{event(triage.Reopened, at(10), time.Time{})},
		{event(triage.Closed, at(12), time.Time{})},
	}
	for n, later := range story {
		for m, earlier := range story {
			for _, a := range later {
				for _, b := range earlier {
					if got := a.Transition().After(b.Transition()); got != (n > m) {
						t.Errorf("%s at %s is after %s at %s: %t", a.Kind, a.At, b.Kind, b.At, got)
					}
				}
			}
		}
	}
	if !story[0][0].Transition().After(nil) {
		t.Error("the first turn is not after none")
	}
	for _, k := range []triage.Kind{triage.Updated, triage.Closed | triage.Reopened} {
		if turn := event(k, at(1), at(1)).Transition(); turn != nil || turn.After(nil) {
			t.Errorf("%s is a turn: %v", k, turn)
		}
	}
}
