package rules

import "flowkeeper/rules/triage"

// sloMissed follows "Severity SLOs": a bug that is open for longer than its severity allows is labelled.
var sloMissed = triage.Rule{
	Meta: triage.Meta{
		ID:      "slo-missed",
		Summary: "Labels a bug that was not closed within the SLO of its severity.",
		Section: "Severity SLOs",
		On:      triage.Opened | triage.LabelsChanged | triage.Woken,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Uses:    triage.UsesSeverities,
		Shared:  []triage.Shared{sloLimits},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		clock, known, ok := sloClock(in, opt)
		past, label := clock.PastAt(), triage.AddLabel{Label: in.Team.Label(triage.SLOMissed)}
		switch {
		case !ok:
			return withoutOwnLabel(in, triage.SLOMissed, noSLO)
		case in.Now.Before(past):
			return inTimeUntil(in, clock, known, triage.SLOMissed, past)
		case !known:
			return loadSeverityAt()
		case in.Has(triage.SLOMissed):
			return triage.Nothing("the label says that the SLO was missed on " + inUTC(past))
		}
		v := triage.Want(sloDue(in, clock), label)
		v.Suggestion = sloItem(in, clock, "The missed SLO", label)
		return v
	},
}
