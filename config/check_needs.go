package config

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// stateNeeds checks that an issue in a state can have all that the state needs: nothing that the team does without, and no labels that exclude each
// other. The label of a state is one: an issue is not in two states, and not yet in the one that it goes into.
func (w *workflowCheck) stateNeeds(c *Config) {
	team := triage.NewTeam(triage.TeamConfig{Names: c.Labels, Workflow: c.workflow(), Severity: c.Severity.policy(), Priority: c.Priority.policy()})
	for n, s := range slices.Concat(c.Workflow.States, c.Workflow.Beside) {
		at := fmt.Sprintf("states[%d].needs", n)
		if n >= len(c.Workflow.States) {
			at = fmt.Sprintf("beside[%d].needs", n-len(c.Workflow.States))
		}
		byScope := map[string]string{} // labels that the state needs
		for i, need := range s.Needs {
			here := fmt.Sprintf("%s[%d]", at, i)
			if need == triage.RequireWeight && c.Weights.None {
				w.add(here, diagnosticf("take the need away", "%s needs a weight, and the team works without weights", quote(s.Name)))
			}
			label := team.Canonical(need.Label())
			if label == "" {
				continue
			}
			if state, is := team.StateOf(label); is {
				w.add(here, diagnosticf("say with moves from where it may be entered", "%s needs %s, the label of the state %s, and an issue is in one state at a time",
					quote(s.Name), quote(label), quote(state)))
				continue
			}
			scope := team.ScopeOf(label)
			if other := byScope[scope]; scope != "" && other != "" && other != label {
				w.add(here, diagnosticf("keep one of them", "%s needs %s and %s, and an issue can only carry one of them", quote(s.Name), quote(other), quote(label)))
			}
			byScope[scope] = label
		}
	}
}
