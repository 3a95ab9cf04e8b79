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
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.IsSecurity():
			return triage.Nothing("the issue is not a security issue")
		case in.ScopedValue(triage.SeverityScope) != "":
			return triage.Nothing("the security issue has a severity")
		}
		return triage.Ask("security is severity 1 with priority 1 or 2 and an assignee, and this issue has no severity",
			levelItem(in, triage.SeverityScope))
	},
}
