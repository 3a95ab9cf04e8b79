package rules

import "flowkeeper/rules/triage"

// workaroundPair follows "Triage Process": a bug with a workaround is severity 3 and priority 3.
var workaroundPair = triage.Rule{
	Meta: triage.Meta{
		ID:      "workaround-pair",
		Summary: "Completes severity 3 and priority 3, which a bug with a workaround has together.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Uses:    triage.UsesSeverities | triage.UsesPriorities,
		Words: func(t *triage.Team) string {
			return "Completes " + levelPair(t, (*triage.Levels).Minor) + ", which a bug with a workaround has together."
		},
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		severity, priority := in.ScopedValue(triage.SeverityScope), in.ScopedValue(triage.PriorityScope)
		pair := (*triage.Levels).Minor
		switch {
		case in.ScopedValue(triage.TypeScope) != "bug":
			return triage.Nothing("the issue is not a bug")
		case in.IsSecurity():
			return triage.Nothing("a security issue is not triaged as a bug with a workaround")
		case severity == pair(in.Team.Severity) && priority == "":
			return wantPartner(in, triage.PriorityScope)
		case severity == "" && priority == pair(in.Team.Priority):
			return wantPartner(in, triage.SeverityScope)
		case severity != "" && priority != "":
			return triage.Nothing("the bug has a severity and a priority")
		}
		return triage.Nothing("the bug is neither severity " + pair(in.Team.Severity) + " nor priority " + pair(in.Team.Priority))
	},
}

// wantPartner wants the level of a workaround of the scope that is empty.
func wantPartner(in triage.Input, scope triage.LabelRole) triage.Verdict {
	offer := levelItem(in, scope)
	v := triage.Want("a bug with a workaround is "+levelPair(in.Team, (*triage.Levels).Minor)+", this one has no "+offer.Slot,
		levelLabel(in, scope, in.Team.Levels(scope).Minor()))
	v.Suggestion = &offer
	return v
}
