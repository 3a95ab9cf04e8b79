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
			return triage.Ask("the bug has no priority", levelItem(in, triage.PriorityScope))
		case priority:
			return triage.Ask("the bug has no severity", levelItem(in, triage.SeverityScope))
		}
		return triage.Ask("the bug has neither a severity nor a priority",
			levelItem(in, triage.SeverityScope), levelItem(in, triage.PriorityScope))
	},
}
