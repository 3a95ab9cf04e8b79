package rules

import "flowkeeper/rules/triage"

// setLevels gives an issue a severity and a priority of the same level, "1" to "4".
func setLevels(in triage.Input, level string) triage.Outcome {
	var actions []triage.Action
	for _, scope := range []triage.LabelRole{triage.SeverityScope, triage.PriorityScope} {
		if in.ScopedValue(scope) != level {
			actions = append(actions, levelLabel(in, scope, level))
		}
	}
	if len(actions) == 0 {
		return triage.Did("the issue is severity " + level + " and priority " + level + " already")
	}
	return triage.Did("makes it severity "+level+" and priority "+level, actions...)
}

// levelLabel wants the label of a severity or a priority.
func levelLabel(in triage.Input, scope triage.LabelRole, level string) triage.AddLabel {
	return triage.AddLabel{Label: triage.Scoped(in.Team.Label(scope), level)}
}

// levelItem asks for a severity or a priority, in the same words for every rule that needs one. What the handbook says of the issue's
// kind comes before the usual example.
func levelItem(in triage.Input, scope triage.LabelRole) triage.Item {
	slot, why, level, more := "severity", "", "3", ", or another from 1 to 4"
	if scope == triage.PriorityScope {
		slot = "priority"
	}
	severity := in.ScopedValue(triage.SeverityScope)
	switch security := in.IsSecurity() && severity == ""; {
	case security && scope == triage.SeverityScope:
		why, level, more = "Security is severity 1.", "1", ""
	case scope == triage.PriorityScope && (security || severity == "1"):
		level, more = "1", ", or 2"
	}
	do := triage.ToLabel(levelLabel(in, scope, level).Label) + more
	return triage.Item{Slot: slot, Title: "A " + slot + " label", Text: why, Do: do, Triage: severity != "1"}
}
