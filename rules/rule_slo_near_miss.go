package rules

import (
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// sloNearMiss follows "Severity SLOs": a bug whose limit is near is labelled, and whoever plans is told of the day. In the current milestone somebody
// is at it already, so nobody is asked there.
var sloNearMiss = triage.Rule{
	Meta: triage.Meta{
		ID:      "slo-near-miss",
		Summary: "Labels a bug that has used up most of the time that its severity allows.",
		Section: "Severity SLOs",
		On:      triage.Opened | triage.LabelsChanged | triage.MilestoneChanged | triage.Woken,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Uses:    triage.UsesSeverities,
		Shared:  []triage.Shared{sloLimits},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		clock, known, ok := sloClock(in, opt)
		if !ok {
			return withoutOwnLabel(in, triage.SLONear, noSLO)
		}
		near, warns := clock.NearAt()
		switch {
		case !warns:
			return withoutOwnLabel(in, triage.SLONear, "nobody is warned of the SLO of such an issue")
		case in.Now.Before(near):
			return inTimeUntil(in, clock, known, triage.SLONear, near)
		case !known:
			return loadSeverityAt()
		case !in.Now.Before(clock.PastAt()):
			if !in.Has(triage.SLOMissed) {
				return triage.Nothing(sloDue(in, clock) + ", which it is too late to warn of")
			}
			return withoutOwnLabel(in, triage.SLONear, "the label says that the SLO was missed")
		case in.Has(triage.SLONear) || in.Has(triage.SLOMissed):
			return triage.Nothing("the label says that the SLO ends on " + inUTC(clock.PastAt()))
		}
		return warnOfSLO(in, clock)
	},
}

// warnOfSLO labels an issue whose limit is near. It asks for that unless the issue is in the current milestone.
func warnOfSLO(in triage.Input, clock planning.Clock) triage.Verdict {
	milestone, known := in.MilestoneFacts()
	if in.Issue.Milestone > 0 && !known {
		return triage.Load("whether the issue is in the current milestone has to be looked up", triage.NeedMilestone)
	}
	label := triage.AddLabel{Label: in.Team.Label(triage.SLONear)}
	v := triage.Want(sloDue(in, clock), label)
	if last, current := runsNow(in, milestone); current {
		v.Reason += "; nobody is asked while its milestone runs"
		v.Unasked, v.Wake = true, startOf(last.AddDays(1))
		return v
	}
	v.Suggestion = sloItem(in, clock, "The SLO", label)
	return v
}
