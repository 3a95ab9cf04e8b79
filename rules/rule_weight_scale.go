package rules

import (
	"strconv"
	"strings"

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
		Uses:    triage.UsesWeights,
		Words: func(t *triage.Team) string {
			return "Reminds of the scale when a weight is outside " + strings.TrimPrefix(t.Scale.String(), "from ") + "."
		},
		Prompt: true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		weight, scale := in.Weight(), in.Team.Scale
		switch {
		case weight == nil:
			return triage.Nothing("the issue has no weight")
		case scale.Has(*weight):
			return triage.Nothing("the weight is on the scale " + scale.String())
		case scale.HasGaps():
			near := scale.Near(*weight)
			return triage.Ask("the weight is "+strconv.Itoa(*weight)+", the scale is "+scale.String(), triage.Item{
				Slot: "scale", Title: "A weight of the scale", Text: "There are " + scale.String() + "; near it is " + triage.OneOf(near) + ".",
				Do: triage.HowTo(in.WeightAction(near[len(near)-1])),
			})
		}
		item := triage.Item{Slot: "scale", Title: "A weight " + scale.String()}
		if *weight > scale.Top() && scale.Top() >= scale.SplitFrom {
			item.Text = strconv.Itoa(scale.Top()) + " means too large or unknown: split it, or run a spike."
		}
		return triage.Ask("the weight is "+strconv.Itoa(*weight)+", the scale goes "+scale.String(), item)
	},
}
