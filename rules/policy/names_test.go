package policy_test

import (
	"slices"
	"testing"

	"flowkeeper/rules/policy"
)

// The labels that a policy names are known for setup and check, each once, without the words that are none.
func TestNamedLabels(t *testing.T) {
	t.Parallel()
	rule := policy.Rule{
		When: []policy.Condition{
			policy.HasLabels{AnyOf: [][]string{{"a", "b"}, {"a", "c"}, {policy.None}, {policy.Any}}}, policy.LacksLabels{Labels: []string{"d"}},
			policy.AnyOf{Lists: [][]policy.Condition{{policy.HasLabels{AnyOf: [][]string{{"e"}}}}}},
		},
		Actions: policy.Actions{Labels: []string{"set", "b"}, RemoveLabels: []string{"a", "gone"}},
	}
	if got, want := rule.Rule().Names, []string{"set", "b", "a", "c", "d", "e", "gone"}; !slices.Equal(got, want) {
		t.Errorf("it names %q, want %q", got, want)
	}
}
