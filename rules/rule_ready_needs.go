package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// readyNeeds follows "Weighting issues" and "Issue Selection": what is ready for development has an estimate and a type.
var readyNeeds = triage.Rule{
	Meta: triage.Meta{
		ID:      "ready-needs",
		Summary: "Lists what an issue still needs when it is ready for development.",
		Section: "Weighting issues",
		On:      triage.Opened | triage.LabelsChanged | triage.WeightChanged | triage.Noted | triage.Awarded | triage.Revoked,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if in.State() != triage.StateReady {
			return triage.Nothing("the issue is not ready for development")
		}
		var missing []triage.Item
		reason := "the issue is ready for development"
		weight := in.Weight()
		switch {
		case weight == nil:
			reason += " and its weight is empty"
			missing = append(missing, weightItem(in))
		case *weight > 4:
			reason += " and a weight of " + strconv.Itoa(*weight) + " is not scheduled"
			missing = append(missing, triage.Item{Slot: "weight", Title: "A weight of 4 or less", Text: "More is not scheduled."})
		}
		switch kind := in.Scoped(triage.TypeScope); {
		case kind == "":
			reason += " and it has no type"
			missing = append(missing, typeItem(in))
		case kind == "feature" && !in.Knows(agreementNeeds(in)):
			return triage.Load("who agreed to the feature has to be counted", agreementNeeds(in))
		case kind == "feature" && !in.Tally().Complete():
			reason += " and its review is not agreed"
			missing = append(missing, agreementItem(in.Tally()))
		}
		if len(missing) == 0 {
			return triage.Nothing("the issue has what it needs for development")
		}
		return triage.Ask(reason, missing...)
	},
}
