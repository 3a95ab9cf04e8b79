package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// weightScale follows "Weight categories": the scale goes from 0 to 5.
var weightScale = triage.Rule{
	Meta: triage.Meta{
		ID:      "weight-scale",
		Summary: "Reminds of the scale when a weight is outside 0 to 5.",
		Section: "Weight categories",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		weight := in.Weight()
		switch {
		case weight == nil:
			return triage.Nothing("the issue has no weight")
		case *weight >= 0 && *weight <= 5:
			return triage.Nothing("the weight is on the scale from 0 to 5")
		}
		return triage.Ask("the weight is "+strconv.Itoa(*weight)+", the scale goes from 0 to 5",
			triage.Item{Slot: "scale", Title: "A weight from 0 to 5", Text: "5 means too large or unknown: split it, or run a spike."})
	},
}
