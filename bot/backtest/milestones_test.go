package backtest_test

import (
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestMissedDeliverable: the dates of milestones are looked up, and an issue that is moved to one is in it.
func TestMissedDeliverable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for title, due := range map[string]string{"19.6": "2026-11-05", "19.7": "2026-12-20"} {
		_, err := w.gitlab.AddMilestone(w.project, title)
		w.must(err)
		w.must(w.gitlab.DateMilestone(w.project, title, "", due))
	}
	w.open(0, sandbox.IssueOptions{Labels: []string{"Deliverable"}, Milestone: "19.6"})
	w.must(w.gitlab.CloseMilestone(w.project, "19.6"))
	policy := handbook("missed-deliverable")
	policy.Settings[0].Mode = triage.Act
	result, err := w.play(nil, policy)
	w.must(err)
	got := rule(result.Reports[0], "missed-deliverable")
	if got.Fired != 1 || got.WouldLabel != 2 || got.WouldPlan != 1 || got.WouldRemind != 0 {
		t.Errorf("the report says %+v, want two labels and a move in one decision", got)
	}
}
