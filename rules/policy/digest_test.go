package policy

import (
	"testing"

	"flowkeeper/rules/triage"
)

// A policy has another digest when it asks, wants or says something else, also deep inside, and the same wherever it stands.
func TestDigest(t *testing.T) {
	t.Parallel()
	weighs := func(n int) Rule {
		return Rule{ID: "policy/a", File: "a.yml", Line: 3, When: []Condition{AnyOf{Lists: [][]Condition{{Weighs{Weight: triage.Int(n)}}, {InState{State: Opened}}}}}}
	}
	moved := weighs(1)
	moved.File, moved.Line = "b.yml", 7
	if moved.digest() != weighs(1).digest() {
		t.Error("one policy has two digests")
	}
	other := weighs(1)
	other.Actions.Comment = Template{{Field: "author"}}
	together := weighs(1)
	together.When = []Condition{AnyOf{Lists: [][]Condition{{Weighs{Weight: triage.Int(1)}, InState{State: Opened}}}}}
	seen := map[string]string{weighs(1).digest(): "the first"}
	for what, r := range map[string]Rule{"another weight": weighs(2), "another comment": other, "one list of two conditions": together} {
		if before, same := seen[r.digest()]; same {
			t.Errorf("%s has the digest of %s", what, before)
		}
		seen[r.digest()] = what
	}
}
