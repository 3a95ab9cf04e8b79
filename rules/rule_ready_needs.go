package rules

import "flowkeeper/rules/triage"

// readyNeeds follows "Weighting issues" and "Issue Selection": what is ready for development has an estimate and a type.
var readyNeeds = triage.Rule{
	Meta: triage.Meta{
		ID:         "ready-needs",
		Summary:    "Lists what an issue still needs when it is ready for development.",
		OwnSummary: "Lists what an issue still needs in the state in which it is.",
		Section:    "Weighting issues",
		On:         triage.Opened | triage.LabelsChanged | triage.WeightChanged | triage.Noted | triage.Awarded | triage.Revoked,
		Mode:       triage.Remind,
		MaxMode:    triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		state := in.Team.Workflow.State(in.State())
		switch {
		case in.Team.Workflow.IsHandbook() && !in.Is(triage.Ready):
			return in.NotIn(triage.Ready)
		case in.State() == "":
			return triage.Nothing("the issue has no workflow label")
		case len(state.Needs) == 0:
			return triage.Nothing("an issue needs nothing to be " + state.Where)
		}
		lacks, needs := missingFor(in, in.State())
		switch {
		case needs != 0:
			return triage.Load("who agreed to the feature has to be counted", needs)
		case len(lacks) == 0 && in.Is(triage.Ready):
			return triage.Nothing("the issue has what it needs for development")
		case len(lacks) == 0:
			return triage.Nothing("the issue has what it needs to be " + state.Where)
		}
		reason, items := "the issue is "+in.Where(), make([]triage.Item, len(lacks))
		for n, l := range lacks {
			reason, items[n] = reason+" and "+l.reason, l.item
		}
		return triage.Ask(reason, items...)
	},
}
