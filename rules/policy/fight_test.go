package policy_test

import (
	"fmt"
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
		"fight":                  {[]policy.Rule{rule("a", adds, has("bug")), rule("b", takes, has("x"))}, "a and b fight: the first adds ~x and the second removes it. Example: an issue with ~bug"},
		"itself":                 {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"x"}, RemoveLabels: []string{"x"}})}, "a fights itself: it adds and removes the same label. Example: any issue that fits"},
		"close, reopen":          {[]policy.Rule{rule("a", policy.Actions{State: policy.Closed}, has("c")), rule("b", policy.Actions{State: policy.Opened}, has("d"))}, "a and b fight: the first closes and the second reopens. Example: an issue with ~c and ~d"},
		"exclude":                {[]policy.Rule{rule("a", adds, has("bug")), rule("b", takes, has("x"), lacks("bug"))}, ""},
		"states":                 {[]policy.Rule{rule("a", adds, policy.InState{State: policy.Opened}), rule("b", takes, policy.InState{State: policy.Closed})}, ""},
		"again and again":        {[]policy.Rule{rule("a", adds, has("bug"), lacks("x")), rule("b", takes, has("y"))}, "a and b fight: the first adds ~x and the second removes it. Example: an issue with ~bug and ~y"},
		"never there":            {[]policy.Rule{rule("a", adds, has("bug")), rule("b", takes, lacks("x"))}, ""},
		"mark and unmark":        {[]policy.Rule{rule("a", adds, policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 30, Unit: policy.Days}), rule("b", takes, has("x"), policy.Age{Of: policy.UpdatedAt, Interval: 1, Unit: policy.Days})}, ""},
		"command and clean-up":   {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"x"}, RemoveLabels: []string{"go"}}, has("go")), rule("b", takes, has("x"))}, ""},
		"closed and then left":   {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"x"}, State: policy.Closed}, policy.InState{State: policy.Opened}), rule("b", takes, has("x"), policy.InState{State: policy.Opened})}, ""},
		"two of a scope":         {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"p::1"}}, has("bug")), rule("b", policy.Actions{Labels: []string{"p::2"}})}, `a and b fight: the first adds ~"p::1" and the second replaces it with ~"p::2". Example: an issue with ~bug`},
		"two of a scope in one":  {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"p::1", "p::2"}})}, `a fights itself: it adds ~"p::1", and removes it or adds another of its scope. Example: any issue that fits`},
		"each if there is none":  {[]policy.Rule{rule("a", policy.Actions{Labels: []string{"p::1"}}, lacks("p::1", "p::2")), rule("b", policy.Actions{Labels: []string{"p::2"}}, lacks("p::1", "p::2"))}, ""},
		"in the second choice":   {[]policy.Rule{rule("a", adds, policy.HasLabels{AnyOf: [][]string{{"c"}, {"bug"}}}), rule("b", takes, lacks("c"))}, "a and b fight: the first adds ~x and the second removes it. Example: an issue with ~bug"},
		"in one of any":          {[]policy.Rule{rule("a", adds, policy.AnyOf{Lists: [][]policy.Condition{{has("bug")}, {has("c")}}}), rule("b", takes, has("x"))}, "a and b fight: the first adds ~x and the second removes it. Example: an issue with ~bug"},
		"ages that overlap":      {[]policy.Rule{rule("a", adds, policy.Age{Of: policy.CreatedAt, Older: true, Interval: 7, Unit: policy.Days}), rule("b", takes, policy.Age{Of: policy.CreatedAt, Interval: 2, Unit: policy.Weeks})}, "a and b fight: the first adds ~x and the second removes it. Example: any issue that fits"},
		"ages that do not":       {[]policy.Rule{rule("a", adds, policy.Age{Of: policy.CreatedAt, Older: true, Interval: 1, Unit: policy.Months}), rule("b", takes, policy.Age{Of: policy.CreatedAt, Interval: 2, Unit: policy.Weeks})}, ""},
		"old no more":            {[]policy.Rule{rule("a", adds, policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 7, Unit: policy.Days}), rule("b", takes)}, ""},
		"no labels or no others": {[]policy.Rule{rule("a", adds, has(policy.None)), rule("b", takes, has("x"), policy.OnlyLabels{AnyOf: [][]string{{"x"}}})}, "a and b fight: the first adds ~x and the second removes it. Example: any issue that fits"},
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

// TestFightsIsBounded wants an answer soon, too, where everything may fight everything.
func TestFightsIsBounded(t *testing.T) {
	var rules []policy.Rule
	for n := range 1000 {
		rules = append(rules, policy.Rule{ID: fmt.Sprint(n), Actions: policy.Actions{Labels: []string{fmt.Sprint("scope::", n)}}})
	}
	if n := len(policy.Fights(rules)); n != 20_000 {
		t.Errorf("%d fights, want as many as are tried out", n)
	}
}
