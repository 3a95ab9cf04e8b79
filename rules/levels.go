package rules

import "flowkeeper/rules/triage"

// levels are the actions that give an issue a severity and a priority of the same level, "1" to "4". None if it has both.
func levels(in triage.Input, level string) []triage.Action {
	var actions []triage.Action
	for _, scope := range []triage.LabelRole{triage.SeverityScope, triage.PriorityScope} {
		if in.ScopedValue(scope) != level {
			actions = append(actions, triage.AddLabel{Label: triage.Scoped(in.Team.Label(scope), level)})
		}
	}
	return actions
}

// triaged is the outcome of a command that sets both levels.
func triaged(level string, actions []triage.Action) triage.Outcome {
	if len(actions) == 0 {
		return triage.Did("the issue is severity " + level + " and priority " + level + " already")
	}
	return triage.Did("makes it severity "+level+" and priority "+level, actions...)
}
