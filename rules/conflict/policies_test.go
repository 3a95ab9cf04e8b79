package conflict

import (
	"fmt"
	"slices"
	"testing"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// TestPolicies finds policies that fight each other, some only on old issues.
func TestPolicies(t *testing.T) {
	var settings []engine.Setting
	for _, r := range []policy.Rule{
		{ID: "policy/adds", Mode: triage.Act, When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"bug"}}}}, Actions: policy.Actions{Labels: []string{"x"}}},
		{
			ID: "policy/takes", Mode: triage.Act,
			When:    []policy.Condition{policy.Age{Of: policy.CreatedAt, Older: true, Interval: 2, Unit: policy.Years}, policy.HasLabels{AnyOf: [][]string{{"x"}}}},
			Actions: policy.Actions{RemoveLabels: []string{"x"}},
		},
		{ID: "policy/opens", Mode: triage.Act, When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"bug", "keep"}}}}, Actions: policy.Actions{State: policy.Opened}},
		{ID: "policy/closes", Mode: triage.Act, When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"bug"}}}}, Actions: policy.Actions{State: policy.Closed}},
	} {
		settings = append(settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	p := engine.Policy{Team: triage.NewTeam(triage.TeamConfig{}), Settings: settings}
	report, err := Search(t.Context(), p, Bound{Weight: 0, Together: 2, Labels: 64, Conflicts: 5, Policies: 4})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, c := range report.Conflicts {
		found[c.Wishes[0].Rule+" "+c.Wishes[len(c.Wishes)-1].Rule] = true
	}
	for _, pair := range []string{"policy/adds policy/takes", "policy/closes policy/opens"} {
		if !found[pair] {
			t.Errorf("%s were not found to contradict each other, only %v", pair, report.Conflicts)
		}
	}
}

// TestStalePolicies: a policy that marks old issues and one that closes what is marked for long do not fight: what the bot writes makes the issue
// new.
func TestStalePolicies(t *testing.T) {
	old := func(days int) policy.Condition {
		return policy.Age{Of: policy.UpdatedAt, Older: true, Interval: days, Unit: policy.Days}
	}
	var settings []engine.Setting
	for _, r := range []policy.Rule{
		{
			ID: "policy/marks", Mode: triage.Act, When: []policy.Condition{policy.InState{State: policy.Opened}, policy.LacksLabels{Labels: []string{"stale"}}, old(30)},
			Actions: policy.Actions{Labels: []string{"stale"}},
		},
		{
			ID: "policy/closes", Mode: triage.Act, When: []policy.Condition{policy.InState{State: policy.Opened}, policy.HasLabels{AnyOf: [][]string{{"stale"}}}, old(10)},
			Actions: policy.Actions{State: policy.Closed},
		},
	} {
		settings = append(settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	p := engine.Policy{Team: triage.NewTeam(triage.TeamConfig{}), Settings: settings}
	report, err := Search(t.Context(), p, Bound{Weight: 0, Together: 2, Labels: 4, Conflicts: 5})
	if err != nil || len(report.Conflicts) > 0 {
		t.Errorf("%v, %v", err, report.Conflicts)
	}
}

// TestManyPolicies searches those first that name labels of the handbook's rules, and leaves no such label out for others.
func TestManyPolicies(t *testing.T) {
	var settings []engine.Setting
	for n := range 50 {
		label := fmt.Sprint("mine ", n)
		if n == 40 {
			label = "workflow::start"
		}
		r := policy.Rule{ID: fmt.Sprint("policy/", n), Mode: triage.Act, When: []policy.Condition{policy.LacksLabels{Labels: []string{label}}}, Actions: policy.Actions{Labels: []string{label}}}
		settings = append(settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	p := engine.Policy{Team: triage.NewTeam(triage.TeamConfig{}), Settings: settings}
	few, others := withFewPolicies(p, Bound{Labels: 64, Policies: 3})
	var kept []string
	for _, s := range few.Settings {
		kept = append(kept, s.ID)
	}
	if want := []string{"policy/0", "policy/1", "policy/40"}; others != 47 || !slices.Equal(kept, want) {
		t.Errorf("%d others, searched are %q, want %q", others, kept, want)
	}
	wide := newSpace(p, DefaultBound())
	room := wide.labels()
	for _, d := range triage.LabelDefaults() {
		if l := p.Team.Label(d.Role); !d.Scope && !slices.Contains(room, l) {
			t.Errorf("labels of policies took the room of %q", l)
		}
	}
}
