package rules

import "flowkeeper/rules/triage"

// triaged gives an issue a severity and a priority of the same level, "1" to "4".
func triaged(in triage.Input, level string) triage.Outcome {
	var actions []triage.Action
	for _, scope := range []triage.LabelRole{triage.SeverityScope, triage.PriorityScope} {
		if in.ScopedValue(scope) != level {
			actions = append(actions, triage.AddLabel{Label: triage.Scoped(in.Team.Label(scope), level)})
		}
	}
	if len(actions) == 0 {
		return triage.Did("the issue is severity " + level + " and priority " + level + " already")
	}
	return triage.Did("makes it severity "+level+" and priority "+level, actions...)
}
