package policyfile

import (
	"slices"

	"flowkeeper/config/document"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// checkItself reports actions that take each other back, so that no issue would ever come to an end with the rule. Of two rules that fight,
// policy.Fights tells.
func (r *ruleReader) checkItself(all *node) {
	a := &r.rule.Actions
	for n, l := range a.Labels {
		if slices.Contains(a.RemoveLabels, l) {
			r.reportf(keyAt(all, "remove_labels"), "take it out of one of the two", "the rule adds %s and removes it", triage.Quoted(l))
		}
		for _, other := range a.Labels[n+1:] {
			if (triage.AddLabel{Label: l}).Excludes(other) {
				r.reportf(keyAt(all, "labels"), "leave one of them; GitLab keeps the last one", "the rule adds %s and %s, and an issue has one label of a scope", triage.Quoted(l), triage.Quoted(other))
			}
		}
	}
	for _, name := range a.Assign {
		if triage.HasUsername(a.Unassign, name) {
			r.reportf(keyAt(all, keyAssign), "take it out of one of the two", "the rule assigns %s and takes them off", document.Quote(name))
		}
	}
}

// setState sets the state that the rule wants.
func (r *ruleReader) setState(at document.Location, s policy.State) {
	if before := r.rule.Actions.State; before != "" && before != s {
		r.reportf(at, "leave one of them", "the rule closes and reopens")
	}
	r.rule.Actions.State = s
}
