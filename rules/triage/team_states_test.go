package triage_test

import (
	"slices"
	"testing"
	"time"

	"flowkeeper/rules/triage"
)

// unscoped is a team whose states have labels of every kind but no scope in common.
func unscoped(t *testing.T) *triage.Team {
	t.Helper()
	w, err := triage.NewWorkflow(triage.WorkflowTable{
		Path: []triage.State{
			{Name: "to do", Label: "To Do", Is: triage.Intake}, {Name: "wip", Label: "🚧 wip", Is: triage.Development},
			{Name: "check", Label: "validation:check", Is: triage.Verification}, {Name: "done", Label: "status::done", Is: triage.Done},
		},
		Beside: []triage.State{{Name: "2. Waiting", Label: "2. Waiting", Is: triage.Blocked}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return triage.NewTeam(triage.TeamConfig{Workflow: w})
}

// TestStateLabels: a state is known by its label, whatever that looks like, and a label in the scope of all states is a state that people made up.
func TestStateLabels(t *testing.T) {
	scoped := triage.NewTeam(triage.TeamConfig{Names: map[triage.LabelRole][]string{triage.WorkflowScope: {"flow"}}})
	bare := triage.NewTeam(triage.TeamConfig{Names: map[triage.LabelRole][]string{triage.WorkflowScope: {""}}})
	for _, tt := range []struct {
		team        *triage.Team
		label, name string
	}{
		{unscoped(t), "To Do", "to do"},
		{unscoped(t), "🚧 wip", "wip"},
		{unscoped(t), "validation:check", "check"},
		{unscoped(t), "status::done", "done"},
		{unscoped(t), "2. Waiting", "2. Waiting"},
		{unscoped(t), "status::other", ""},
		{unscoped(t), "workflow::to do", ""},
		{scoped, "flow::in dev", "in dev"},
		{scoped, "flow::made up", "made up"},
		{scoped, "workflow::in dev", ""},
		{bare, "in dev", "in dev"},
		{bare, "workflow::in dev", ""},
	} {
		name, ok := tt.team.StateOf(tt.label)
		if name != tt.name || ok != (tt.name != "") {
			t.Errorf("%q stands for %q", tt.label, name)
		}
		if ok && tt.team.State(name) != tt.label {
			t.Errorf("%q has the label %q, not %q", name, tt.team.State(name), tt.label)
		}
	}
}

// TestOneStateAtATime: of labels of the workflow an issue has the one added last, and moving it takes the others off, with or without a scope.
func TestOneStateAtATime(t *testing.T) {
	team := unscoped(t)
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	events := []triage.Event{{Kind: triage.LabelsChanged, At: noon, Changes: triage.Changes{Added: []string{"To Do"}}}}
	issue := triage.Issue{Labels: []string{"To Do", "UX", "🚧 wip"}}
	in := triage.NewInput(team, events, issue, nil, noon)
	if in.State() != "to do" || !in.Is(triage.Intake) || in.StateLabel() != "To Do" || len(in.SharedScopes()) != 1 {
		t.Errorf("the label added last does not count: %q in scopes %q", in.State(), in.SharedScopes())
	}
	in = triage.NewInput(team, nil, issue, nil, noon)
	if in.State() != "wip" {
		t.Errorf("without a time, the state further on does not count, but %q", in.State())
	}
	move := team.Exclusive(triage.AddLabel{Label: "status::done"}, triage.Issue{}).(triage.AddLabel)
	after := move.Apply(issue)
	if want := []string{"UX", "status::done"}; !slices.Equal(after.Labels, want) || !move.Done(after) || move.Done(issue) || move.Replaces(issue) != "To Do" {
		t.Errorf("moved to %q, want %q", after.Labels, want)
	}
	if move != team.AddLabel("status::done") || team.Exclusive(triage.AddLabel{Label: "UX"}, triage.Issue{}) != (triage.AddLabel{Label: "UX"}) {
		t.Error("the same action is another one")
	}
	other := triage.ResourceEvent{Label: "🚧 wip", Added: true}
	if !other.Concerns(move) || !other.Concerns(team.Exclusive(triage.RemoveLabel{Label: "To Do"}, triage.Issue{})) || other.Concerns(triage.AddLabel{Label: "UX"}) {
		t.Error("another state does not concern a move, or does concern another label")
	}
}
