package conflict_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/conflict"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var team = triage.NewTeam(triage.TeamConfig{Side: "backend"})

// near is a bound for tests that need not look far.
var near = conflict.Bound{Weight: 6, Together: 1, Labels: 64, Conflicts: 5}

// inWords is all that a report tells of conflicts.
func inWords(r conflict.Report) string {
	var all []string
	for _, c := range r.Conflicts {
		all = append(all, c.String())
	}
	return strings.Join(all, "\n\n")
}

func search(t *testing.T, p engine.Policy, b conflict.Bound) conflict.Report {
	t.Helper()
	r, err := conflict.Search(t.Context(), p, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rule is a rule in mode act.
func rule(id string, decide func(triage.Input) triage.Verdict) engine.Setting {
	return engine.Setting{
		Rule: triage.Rule{
			Meta:   triage.Meta{ID: id, On: triage.Opened | triage.LabelsChanged},
			Decide: func(in triage.Input, _ triage.Options) triage.Verdict { return decide(in) },
		},
		Mode: triage.Act,
	}
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

// TestSearchIsRepeatable: many contradictions, several workers, and always the same few of them.
func TestSearchIsRepeatable(t *testing.T) {
	policy := engine.Policy{Team: team}
	for n, label := range []string{"spike", "UX", "Duplicate"} {
		pair := string(rune('a' + n))
		policy.Settings = append(policy.Settings, when(pair+"1", add(pair+"::1"), label), when(pair+"2", add(pair+"::2"), label))
	}
	bound := conflict.Bound{Weight: 3, Together: 2, Labels: 12, Conflicts: 2}
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

// TestSearchStops: a search that is called off decides no more than what was begun.
func TestSearchStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var decided atomic.Int64
	stopping := rule("stopping", func(triage.Input) triage.Verdict {
		cancel()
		decided.Add(1)
		return triage.Nothing("enough")
	})
	_, err := conflict.Search(ctx, engine.Policy{Team: team, Settings: []engine.Setting{stopping}}, conflict.Bound{Weight: 1, Together: 3, Labels: 10})
	const perSet = 23 * 3 * 2 // states, weights, and each issue twice
	if begun := int64(runtime.GOMAXPROCS(0)); !errors.Is(err, context.Canceled) || decided.Load() > begun*perSet {
		t.Errorf("error %v after %d decisions", err, decided.Load())
	}
}
