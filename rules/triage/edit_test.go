package triage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/triage"
)

// TestLeft: what an attempt that broke off did not do is done by the next, except what was touched since.
func TestLeft(t *testing.T) {
	base := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	edit := triage.Edit{Add: []string{"s::b", "UX"}, Remove: []string{"s::a", "x"}, Weight: triage.Int(3), Close: true, Milestone: "Backlog"}
	tests := map[string]struct {
		past triage.ResourceEvent
		want triage.Edit
	}{
		"nothing touched": {triage.ResourceEvent{At: base, Label: "UX", Added: true}, edit},
		"another label":   {triage.ResourceEvent{At: base.Add(1), Label: "t::b", Added: true}, edit},
		"a label": {
			triage.ResourceEvent{At: base.Add(1), Label: "UX", Added: true},
			triage.Edit{Add: []string{"s::b"}, Remove: []string{"s::a", "x"}, Weight: triage.Int(3), Close: true, Milestone: "Backlog"},
		},
		"a label to be removed": {
			triage.ResourceEvent{At: base.Add(1), Label: "x"},
			triage.Edit{Add: []string{"s::b", "UX"}, Remove: []string{"s::a"}, Weight: triage.Int(3), Close: true, Milestone: "Backlog"},
		},
		"the scope": {
			triage.ResourceEvent{At: base.Add(1), Label: "s::c", Added: true},
			triage.Edit{Add: []string{"UX"}, Remove: []string{"x"}, Weight: triage.Int(3), Close: true, Milestone: "Backlog"},
		},
		"the weight": {
			triage.ResourceEvent{At: base.Add(1)},
			triage.Edit{Add: []string{"s::b", "UX"}, Remove: []string{"s::a", "x"}, Close: true, Milestone: "Backlog"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, edit.Remaining(triage.NewTeam(triage.TeamConfig{}), []triage.ResourceEvent{tt.past}, base)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
