package rules

import "flowkeeper/rules/triage"

// securityNeedsSeverity follows "Triage Process": like data loss and severe performance problems, security is severity 1.
var securityNeedsSeverity = triage.Rule{
	Meta: triage.Meta{
		ID:      "security-needs-severity",
		Summary: "Reminds of the severity of a security issue.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Uses:    triage.UsesSeverities,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.IsSecurity():
			return triage.Nothing("the issue is not a security issue")
		case in.ScopedValue(triage.SeverityScope) != "":
			return triage.Nothing("the security issue has a severity")
		}
		with := " with "
		if !in.Team.Priority.Off() {
			with += urgentLevels(in.Team, triage.PriorityScope) + " and "
		}
		return triage.Ask("security is severity "+in.Team.Severity.Worst()+with+"an assignee, and this issue has no severity",
			levelItem(in, triage.SeverityScope))
	},
}
