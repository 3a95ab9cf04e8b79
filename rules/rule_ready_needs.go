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
		On:      triage.Opened | triage.LabelsChanged | triage.WeightChanged,
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
			missing = append(missing, triage.Item{Slot: "weight", Title: "A weight", Text: "for the " + in.Team.Side + " side. Use " +
				triage.Code(in.Weigh(3).Command()) + "."})
		case *weight > 4:
			reason += " and a weight of " + strconv.Itoa(*weight) + " is not scheduled"
			missing = append(missing, triage.Item{Slot: "weight", Title: "A weight of 4 or less", Text: "to be scheduled."})
		}
		if in.Scoped(triage.TypeScope) == "" {
			reason += " and it has no type"
			missing = append(missing, typeItem(in))
		}
		if len(missing) == 0 {
			return triage.Nothing("the issue has what it needs for development")
		}
		return triage.Ask(reason, missing...)
	},
}
