package rules

import "flowkeeper/rules/triage"

// bugNeedsSeverity follows "Triage Process": a bug is triaged by severity and priority.
var bugNeedsSeverity = triage.Rule{
	Meta: triage.Meta{
		ID:      "bug-needs-severity",
		Summary: "Reminds of the severity and the priority of a bug.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if in.ScopedValue(triage.TypeScope) != "bug" {
			return triage.Nothing("the issue is not a bug")
		}
		severity, priority := in.ScopedValue(triage.SeverityScope) != "", in.ScopedValue(triage.PriorityScope) != ""
		switch {
		case severity && priority:
			return triage.Nothing("the bug has a severity and a priority")
		case severity:
			return triage.Ask("the bug has no priority", scopeItem(in, "priority", triage.PriorityScope))
		case priority:
			return triage.Ask("the bug has no severity", scopeItem(in, "severity", triage.SeverityScope))
		}
		return triage.Ask("the bug has neither a severity nor a priority",
			scopeItem(in, "severity", triage.SeverityScope), scopeItem(in, "priority", triage.PriorityScope))
	},
}

// scopeItem asks for a severity or a priority, in the same words for every rule that needs one. What the handbook says of the issue's
// kind comes before the usual example.
func scopeItem(in triage.Input, slot string, scope triage.LabelRole) triage.Item {
	why, level, more := "", "3", ", or another from 1 to 4"
	severity := in.ScopedValue(triage.SeverityScope)
	switch security := in.IsSecurity() && severity == ""; {
	case security && scope == triage.SeverityScope:
		why, level, more = "Security is severity 1.", "1", ""
	case scope == triage.PriorityScope && (security || severity == "1"):
		level, more = "1", ", or 2"
	}
	do := triage.ToLabel(triage.Scoped(in.Team.Label(scope), level)) + more
	return triage.Item{Slot: slot, Title: "A " + slot + " label", Text: why, Do: do, Triage: severity != "1"}
}
