package config

import (
	"cmp"
	"slices"

	"flowkeeper/rules/triage"
)

// crossCheckLabels checks that every label has one meaning, and that the options of rules name labels of the workflow.
func (r *reader) crossCheckLabels(c *Config) {
	for _, scopes := range []bool{false, true} {
		taken := map[string]string{} // by label: the key of its role
		for _, d := range triage.LabelDefaults() {
			if d.Scope != scopes {
				continue
			}
			for _, name := range c.Labels[d.Role] {
				if other, twice := taken[name]; twice {
					r.reportConflict(diagnosticf("give each its own name", "%s is the name of %s and of %s", quote(name), other, d.Key), "labels."+d.Key, "labels."+other)
					continue
				}
				taken[name] = d.Key
			}
		}
	}
	for _, s := range c.Rules {
		for _, o := range s.Meta.Options {
			label, ok := s.Options[o.Name].(string)
			if !o.State || !ok || label == o.Default {
				continue
			}
			if known := stateLabels(c); !slices.Contains(known, label) {
				r.reportConflict(diagnosticf(suggestState(label, known), "%s is not the label of a workflow state", quote(label)),
					"rules."+s.ID+"."+o.Name)
			}
		}
	}
}

// suggestState is the hint for a label that is not the label of a state: the state of that name in the workflow's scope, else the most similar one.
func suggestState(label string, known []string) string {
	for _, state := range known {
		if value := triage.Value(state); value == label || value == triage.Value(label) {
			return `did you mean "` + state + `"?`
		}
	}
	return suggest(label, known, "the first of them is "+known[0])
}

// stateLabels are the labels of the workflow's states.
func stateLabels(c *Config) []string {
	var labels []string
	states := triage.HandbookWorkflow().States()
	if _, own := c.Workflow.table(); own {
		states = slices.Concat(c.Workflow.States, c.Workflow.Beside)
	}
	for _, scope := range c.Labels[triage.WorkflowScope] {
		for _, state := range states {
			labels = append(labels, cmp.Or(state.Label, triage.StateLabel(scope, state.Name)))
		}
	}
	return labels
}
