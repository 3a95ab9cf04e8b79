package policy_test

import (
	"testing"

	"flowkeeper/rules/policy"
)

// TestFights finds rules that take back each other's work, and leaves those alone whose conditions exclude each other or end.
func TestFights(t *testing.T) {
	has := func(l ...string) policy.Condition { return policy.HasLabels{AnyOf: [][]string{l}} }
	lacks := func(l ...string) policy.Condition { return policy.LacksLabels{Labels: l} }
	adds := policy.Actions{Labels: []string{"x"}}
	takes := policy.Actions{RemoveLabels: []string{"x"}}
	rule := func(id string, a policy.Actions, when ...policy.Condition) policy.Rule {
		return policy.Rule{ID: id, Actions: a, When: when}
	}
	for name, c := range map[string]struct {
		rules []policy.Rule
		want  string
	}{
		"fight":           {[]policy.Rule{rule("a", adds, has("bug")), rule("b", takes, has("x"))}, "a and b fight: the first adds ~x and the second removes it. Example: an issue with ~bug"},
		"itself":          {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"x"}, RemoveLabels: []string{"x"}})}, "a fights itself: it adds and removes the same label. Example: any issue that fits both"},
		"close, reopen":   {[]policy.Rule{rule("a", policy.Actions{State: policy.Closed}, has("c")), rule("b", policy.Actions{State: policy.Opened}, has("d"))}, "a and b fight: the first closes and the second reopens. Example: an issue with ~c and ~d"},
		"exclude":         {[]policy.Rule{rule("a", adds, has("bug")), rule("b", takes, has("x"), lacks("bug"))}, ""},
		"states":          {[]policy.Rule{rule("a", adds, policy.InState{State: policy.Opened}), rule("b", takes, policy.InState{State: policy.Closed})}, ""},
		"again and again": {[]policy.Rule{rule("a", adds, has("bug"), lacks("x")), rule("b", takes, has("y"))}, "a and b fight: the first adds ~x and the second removes it. Example: an issue with ~bug and ~y"},
		"never there":     {[]policy.Rule{rule("a", adds, has("bug")), rule("b", takes, lacks("x"))}, ""},
		"mark and unmark": {[]policy.Rule{rule("a", adds, policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 30, Unit: policy.Days}), rule("b", takes, has("x"), policy.Age{Of: policy.UpdatedAt, Interval: 1, Unit: policy.Days})}, ""},
	} {
		got := ""
		for _, f := range policy.Fights(c.rules) {
			got += f.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
