package conflict_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/conflict"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestSearchCircumstances: each circumstance that the report names is really tried.
func TestSearchCircumstances(t *testing.T) {
	handbook := config.Default(rules.Catalogue()).Policy().Team
	kind := func(k triage.Kind) func(triage.Input) bool {
		return func(in triage.Input) bool { return triage.KindsOf(in.Events)&k != 0 }
	}
	tests := map[string]struct {
		only func(triage.Input) bool
		want string // the smallest issue
	}{
		"changed": {kind(triage.WeightChanged), "an issue without labels, no weight, just changed"},
		"with what was added": {
			func(in triage.Input) bool {
				return in.LabelAdded(triage.Spike) && in.WeightSet() && in.Issue.Weight != nil && !kind(triage.Opened)(in)
			},
			"an issue with ~spike, weight 0, just changed",
		},
		"closed":               {func(in triage.Input) bool { return kind(triage.Closed)(in) && in.Issue.Closed }, "an issue without labels, no weight, just closed"},
		"reopened":             {kind(triage.Reopened), "an issue without labels, no weight, just reopened"},
		"looked at in a sweep": {kind(triage.Swept), "an issue without labels, no weight, just looked at in a sweep"},
		"commented": {
			func(in triage.Input) bool { return kind(triage.Noted)(in) && in.Events[0].Note != nil },
			"an issue without labels, no weight, just commented",
		},
		"assigned":         {func(in triage.Input) bool { return len(in.Issue.Assignees) > 0 }, "an issue without labels, no weight, assigned, just opened"},
		"with a milestone": {func(in triage.Input) bool { return in.Issue.Milestone != 0 }, "an issue without labels, no weight, with a milestone, just opened"},
		"past its SLO": {
			func(in triage.Input) bool {
				return in.Memory.SeverityAt.Before(in.Now.AddDate(0, 0, -300)) && !in.Memory.SeverityAt.IsZero()
			},
			"an issue without labels, no weight, past its SLO, just opened",
		},
		"in a milestone that has ended": {
			func(in triage.Input) bool { m, known := in.MilestoneFacts(); return known && m.Due != "" },
			"an issue without labels, no weight, in a milestone that has ended, just opened",
		},
		"linked and agreed on": {
			func(in triage.Input) bool { return in.LinkedAs("is_blocked_by") && in.Tally().Complete() },
			"an issue without labels, no weight, linked and agreed on, just opened",
		},
		"where there is no weight field": {
			func(in triage.Input) bool { return in.Issue.NoWeights },
			"an issue without labels, no weight, where there is no weight field, just opened",
		},
		"without the team's labels": {
			func(in triage.Input) bool { return !in.HasLabel("group::source code") && in.Has(triage.UX) },
			"an issue with ~UX, no weight, just opened",
		},
	}
	tried := search(t, engine.Policy{Team: handbook}, conflict.Bound{}).Circumstances
	for _, name := range tried {
		if _, ok := tests[name]; !ok {
			t.Errorf("%q is not tested", name)
		}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			policy := engine.Policy{Team: handbook}
			for _, label := range []string{"s::a", "s::b"} {
				s := rule("adds "+label, func(in triage.Input) triage.Verdict {
					if tt.only(in) {
						return triage.Want("so it is", add(label))
					}
					return triage.Nothing("it is not so")
				})
				s.Meta.On, s.Meta.Closed = ^triage.Kind(0), true
				policy.Settings = append(policy.Settings, s)
			}
			r := search(t, policy, conflict.Bound{Weight: 0, Together: 2, Labels: 4, Conflicts: 5})
			if len(r.Conflicts) != 1 || r.Conflicts[0].Issue != tt.want {
				t.Errorf("found %v, want %s", r.Conflicts, tt.want)
			}
		})
	}
}

// TestSearchSaysHowFar: what lies beyond the bound is not found, and the report does not pretend it was looked for.
func TestSearchSaysHowFar(t *testing.T) {
	policy := engine.Policy{Team: team, Settings: []engine.Setting{
		when("one", add("s::a"), "UX", "spike", "Deliverable"), when("two", add("s::b"), "UX", "spike", "Deliverable"),
	}}
	bound := conflict.Bound{Weight: 0, Together: 2, Labels: 7, Conflicts: 5}
	r := search(t, policy, bound)
	if len(r.Conflicts) > 0 {
		t.Errorf("two labels at a time find a contradiction of three: %v", r.Conflicts)
	}
	for _, want := range []string{"no weight or 0 to 0", "up to 2 at a time of 7 further labels", "left out for their number: ", `~"quick win"`} {
		if !strings.Contains(r.Bound(), want) {
			t.Errorf("%q is not in what it says: %s", want, r.Bound())
		}
	}
	bound.Together = 3
	if r = search(t, policy, bound); len(r.Conflicts) != 1 {
		t.Errorf("three labels at a time find %v", r.Conflicts)
	}
	bound.Labels = 3
	if r = search(t, policy, bound); len(r.Conflicts) > 0 || !slices.Contains(r.LeftOut, "Deliverable") {
		t.Errorf("with ~Deliverable left out %v is found, left out is %v", r.Conflicts, r.LeftOut)
	}
}

// TestSearchOptions: a label that only a rule's option names is searched, one of a rule that may say nothing is not.
func TestSearchOptions(t *testing.T) {
	option := when("one", add("s::a"), "of an option")
	option.Meta.Options = []triage.Option{{Name: "label", Default: ""}, {Name: "above", Default: 3}}
	option.Options = triage.Options{"label": "of an option", "above": 3}
	policy := engine.Policy{Team: team, Settings: []engine.Setting{option, when("two", add("s::b"), "of an option")}}
	if r := search(t, policy, near); len(r.Conflicts) != 1 {
		t.Errorf("found %v among %v", r.Conflicts, r.Labels)
	}
	policy.Settings[0].Mode = triage.Shadow
	if r := search(t, policy, near); slices.Contains(r.Labels, "of an option") {
		t.Errorf("the label of a silent rule is searched: %v", r.Labels)
	}
}

// TestSearchIssues counts: no issue is decided twice or left out, and none is impossible.
func TestSearchIssues(t *testing.T) {
	team := triage.NewTeam(triage.TeamConfig{
		Side: "backend", GroupLabel: "group::ours", Labels: []string{"workflow::start"},
		Names: map[triage.LabelRole][]string{triage.Spike: {"spike", "an alias"}},
	})
	adds := unless("adds", add("hidden"), "group::another team", "hidden")
	r := search(t, engine.Policy{Team: team, Settings: []engine.Setting{adds, rule("looks", func(in triage.Input) triage.Verdict {
		labels := slices.Sorted(slices.Values(in.Issue.Labels))
		if len(slices.Compact(labels)) < len(in.Issue.Labels) || in.Issue.NoWeights && in.Issue.Weight != nil {
			return triage.Want("there is no such issue", add(strings.Repeat("x", len(in.Issue.Labels))))
		}
		return triage.Nothing("there may be such an issue")
	})}}, conflict.Bound{Weight: 1, Together: 1, Labels: 64, Conflicts: 5})
	if len(r.Conflicts) > 0 {
		t.Errorf("impossible issues: %v", r.Conflicts)
	}
	for _, label := range []string{"group::another team", "hidden", "an alias", "type::bug", "backend-weight::1"} {
		if !slices.Contains(r.Labels, label) {
			t.Errorf("%s is not among %v", triage.Quoted(label), r.Labels)
		}
	}
	// With each of 23 states 3 weights and nothing else, a label or a circumstance; with two weight labels and without a field, no weight.
	if want := 23 * (3*(1+len(r.Labels)+len(r.Circumstances)) - 2*3); r.Issues != want {
		t.Errorf("%d issues, want %d: %s", r.Issues, want, r.Bound())
	}
	// Of two circumstances at a time, 10 of 66 pairs are of two events; the 12 sets without a field have one weight of two.
	r = search(t, engine.Policy{Team: team}, conflict.Bound{Weight: 0, Together: 2})
	if want := 23 * (2*(1+12+66-10) - 12); r.Issues != want {
		t.Errorf("%d issues, want %d: %s", r.Issues, want, r.Bound())
	}
}
