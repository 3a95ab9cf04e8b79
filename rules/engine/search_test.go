package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// near is a bound for tests that need not look far.
var near = engine.Bound{Weight: 6, Together: 1, Labels: 64, Conflicts: 5}

// TestSearchHandbook searches what everybody starts with, and the furthest that it can be configured to.
func TestSearchHandbook(t *testing.T) {
	bound := engine.DefaultBound()
	if testing.Short() {
		bound = near
	}
	tests := map[string]func(triage.Meta) triage.Mode{
		"modes as they are":      func(m triage.Meta) triage.Mode { return m.Mode },
		"modes at their maximum": func(m triage.Meta) triage.Mode { return m.MaxMode },
	}
	for name, mode := range tests {
		t.Run(name, func(t *testing.T) {
			policy := config.Default(rules.Catalogue()).Policy()
			for n := range policy.Settings {
				policy.Settings[n].Mode = mode(policy.Settings[n].Meta)
			}
			r := search(t, policy, bound)
			if len(r.Conflicts) > 0 {
				t.Errorf("the handbook's rules contradict each other:\n%s", inWords(r))
			}
			if r.Issues < 5000 || len(r.LeftOut) > 0 {
				t.Errorf("that is not what is promised: %s", r.Bound())
			}
		})
	}
}

// inWords is all that a report tells of conflicts.
func inWords(r engine.Report) string {
	var all []string
	for _, c := range r.Conflicts {
		all = append(all, c.String())
	}
	return strings.Join(all, "\n\n")
}

// TestSearchConfigurations finds what teams can get wrong: names and options that bring rules into each other's way.
func TestSearchConfigurations(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"a label of a rule in the workflow": {
			yaml: `labels: {research: "workflow::research"}`,
			want: `
an issue with ~"workflow::start" ~"workflow::research", weight 4, just opened:
  one-per-scope wants to remove ~"workflow::research"
  weight-research wants to add ~"workflow::research"
  both cannot be

an issue without labels, weight 4, just opened:
  weight-research wants to add ~"workflow::research"
  workflow-intake wants to add ~"workflow::start"
  both cannot be
`,
		},
		"an option with another rule's label": {
			yaml: `rules: {workflow-intake: {label: needs research}}`,
			want: `
an issue without labels, no weight, just opened:
  weight-research wants to remove ~"needs research"
  workflow-intake wants to add ~"needs research"
  both cannot be
`,
		},
		"one label for two roles": {
			yaml: `labels: {research: UX}`,
			want: `
an issue with ~"workflow::ready for design", no weight, just opened:
  design-needs-ux wants to add ~UX
  weight-research wants to remove ~UX
  both cannot be
`,
		},
		"a team's label that a rule takes off": {
			yaml: `team: {labels: [backend, needs research]}`,
			want: `
an issue without labels, no weight, just opened:
  team-labels wants to add ~"needs research"
  weight-research wants to remove ~"needs research"
  both cannot be
`,
		},
		"the same, only reminded of": {
			yaml: "labels: {research: \"workflow::research\"}\nrules: {weight-research: remind}",
		},
		"unusual but sound": {
			yaml: "labels: {spike: timebox, workflow: state, security: [sec]}\nteam: {side: frontend, labels: [], scope: labelled}",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := inWords(search(t, configured(t, tt.yaml), near))
			if diff := cmp.Diff(strings.TrimSpace(tt.want), got); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
		})
	}
}

// configured is the policy of a configuration file.
func configured(t *testing.T, yaml string) engine.Policy {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return c.Policy()
}

func search(t *testing.T, p engine.Policy, b engine.Bound) engine.Report {
	t.Helper()
	r, err := engine.Search(t.Context(), p, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// when is a rule in mode act that wants something of the issues that carry all of the labels.
func when(id string, action triage.Action, labels ...string) engine.Setting {
	return rule(id, func(in triage.Input) triage.Verdict {
		for _, l := range labels {
			if !in.HasLabel(l) {
				return triage.Nothing("not so labelled")
			}
		}
		return triage.Want("so labelled", action)
	})
}

func add(label string) triage.Action { return triage.AddLabel{Label: label} }

// unless is a rule in mode act that wants something of the issues that carry one label and not the other.
func unless(id string, action triage.Action, label, other string) engine.Setting {
	return rule(id, func(in triage.Input) triage.Verdict {
		if !in.HasLabel(label) || in.HasLabel(other) {
			return triage.Nothing("not so labelled")
		}
		return triage.Want("so labelled", action)
	})
}

// longer is a rule in mode act that adds a longer label than all before to issues with an even or odd number of labels.
func longer(id string, odd int) engine.Setting {
	return rule(id, func(in triage.Input) triage.Verdict {
		if n := len(in.Issue.Labels); n%2 == odd {
			return triage.Want("more", add(strings.Repeat("x", n+1)))
		}
		return triage.Nothing("it is the other's turn")
	})
}

// TestSearchRules shows what is found, in which words, and how small the issue is made.
func TestSearchRules(t *testing.T) {
	remembers := func(in triage.Input) bool { return in.Memory.Items["one/item"].State != "" }
	tests := map[string]struct {
		settings []engine.Setting
		want     string
	}{
		"a rule that never settles": {
			settings: []engine.Setting{rule("restless", func(in triage.Input) triage.Verdict {
				if in.Has(triage.UX) {
					return triage.Want("more", add(strings.Repeat("x", len(in.Issue.Labels))))
				}
				return triage.Nothing("no UX")
			})},
			want: `
an issue with ~UX, no weight, just opened:
  restless wants to add ~xxxxxxxx
  it never settles`,
		},
		"two rules that never settle": {
			settings: []engine.Setting{longer("one", 0), longer("two", 1)},
			want: `
an issue without labels, no weight, just opened:
  one wants to add ~xxxxxxx
  two wants to add ~xxxxxxxx
  it never settles`,
		},
		"a label that only plans put there": {
			settings: []engine.Setting{
				when("adds", add("hidden"), "spike"), unless("one", add("s::a"), "hidden", "spike"), unless("two", add("s::b"), "hidden", "spike"),
			},
			want: `
an issue with ~hidden, no weight, just opened:
  one wants to add ~"s::a"
  two wants to add ~"s::b"
  both cannot be`,
		},
		"a state and a weight": {
			settings: []engine.Setting{
				when("one", triage.SetWeight{Value: 3}, "workflow::refinement"),
				rule("two", func(in triage.Input) triage.Verdict {
					if w := in.Weight(); w != nil && *w > 5 {
						return triage.Want("above the top", triage.SetWeight{Value: 5})
					}
					return triage.Nothing("not above the top")
				}),
			},
			want: `
an issue with ~"workflow::refinement", weight 6, just opened:
  one wants to set weight 3
  two wants to set weight 5
  both cannot be`,
		},
		"more on its own result": {
			settings: []engine.Setting{rule("one", func(in triage.Input) triage.Verdict {
				v := triage.Ask("asks", triage.Item{Slot: "item", Title: "An item"})
				if remembers(in) {
					v.Actions = []triage.Action{add("x")}
				}
				return v
			})},
			want: `
an issue without labels, no weight, just opened:
  one wants to add ~x
  it comes when all that was wanted was done`,
		},
		"the opposite on its own result": {
			settings: []engine.Setting{
				rule("one", func(triage.Input) triage.Verdict {
					return triage.Verdict{Reason: "asks", Items: []triage.Item{{Slot: "item", Title: "An item"}}, Actions: []triage.Action{add("x")}}
				}),
				rule("two", func(in triage.Input) triage.Verdict {
					if remembers(in) {
						return triage.Want("remembered", triage.RemoveLabel{Label: "x"})
					}
					return triage.Nothing("not remembered")
				}),
			},
			want: `
an issue without labels, no weight, just opened:
  one wants to add ~x
  two wants to remove ~x
  the second comes when the first was done`,
		},
		"two rules that insist": {
			settings: []engine.Setting{unless("one", add("x"), "spike", "x"), when("two", triage.RemoveLabel{Label: "x"}, "x")},
			want: `
an issue with ~spike, no weight, just opened:
  one wants to add ~x
  two wants to remove ~x
  both cannot be`,
		},
		"nothing, for steps that follow each other": {
			settings: []engine.Setting{unless("one", add("s::a"), "spike", "s::b"), when("two", add("s::b"), "s::a")},
		},
		"nothing, for rules that do not act": {
			settings: []engine.Setting{reminding(when("one", add("s::a"))), reminding(when("two", add("s::b")))},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := inWords(search(t, engine.Policy{Team: team, Settings: tt.settings}, near))
			if diff := cmp.Diff(strings.TrimSpace(tt.want), got); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
		})
	}
}

func reminding(s engine.Setting) engine.Setting {
	s.Mode = triage.Remind
	return s
}

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
				return in.Added(triage.Spike) && in.WeightSet() && in.Issue.Weight != nil && !kind(triage.Opened)(in)
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
	tried := search(t, engine.Policy{Team: handbook}, engine.Bound{}).Circumstances
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
			r := search(t, policy, engine.Bound{Weight: 0, Together: 2, Labels: 4, Conflicts: 5})
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
	bound := engine.Bound{Weight: 0, Together: 2, Labels: 7, Conflicts: 5}
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

// TestSearchIsRepeatable: many contradictions, several workers, and always the same few of them.
func TestSearchIsRepeatable(t *testing.T) {
	policy := engine.Policy{Team: team}
	for n, label := range []string{"spike", "UX", "Duplicate"} {
		pair := string(rune('a' + n))
		policy.Settings = append(policy.Settings, when(pair+"1", add(pair+"::1"), label), when(pair+"2", add(pair+"::2"), label))
	}
	bound := engine.Bound{Weight: 3, Together: 2, Labels: 12, Conflicts: 2}
	first := search(t, policy, bound)
	if len(first.Conflicts) != 2 || first.Unshown != 1 {
		t.Fatalf("%d conflicts shown, %d not", len(first.Conflicts), first.Unshown)
	}
	for range 3 {
		if diff := cmp.Diff(first, search(t, policy, bound)); diff != "" {
			t.Fatalf("another search says something else: %s", diff)
		}
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
	})}}, engine.Bound{Weight: 1, Together: 1, Labels: 64, Conflicts: 5})
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
	// Of two circumstances at a time, 10 of 45 pairs are of two events; the 10 sets without a field have one weight of two.
	r = search(t, engine.Policy{Team: team}, engine.Bound{Weight: 0, Together: 2})
	if want := 23 * (2*(1+10+45-10) - 10); r.Issues != want {
		t.Errorf("%d issues, want %d: %s", r.Issues, want, r.Bound())
	}
}

// TestSearchStops: a search that is called off decides no more than what was begun.
func TestSearchStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var decided atomic.Int64
	stopping := rule("stopping", func(triage.Input) triage.Verdict {
		cancel()
		decided.Add(1)
		return triage.Nothing("enough")
	})
	_, err := engine.Search(ctx, engine.Policy{Team: team, Settings: []engine.Setting{stopping}}, engine.Bound{Weight: 1, Together: 3, Labels: 10})
	const perSet = 23 * 3 * 2 // states, weights, and each issue twice
	if begun := int64(runtime.GOMAXPROCS(0)); !errors.Is(err, context.Canceled) || decided.Load() > begun*perSet {
		t.Errorf("error %v after %d decisions", err, decided.Load())
	}
}

func BenchmarkSearch(b *testing.B) {
	policy := config.Default(rules.Catalogue()).Policy()
	for b.Loop() {
		r, err := engine.Search(b.Context(), policy, engine.DefaultBound())
		if err != nil || len(r.Conflicts) > 0 {
			b.Fatal(r.Conflicts, err)
		}
		b.ReportMetric(float64(r.Issues), "issues/op")
	}
}
