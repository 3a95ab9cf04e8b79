package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// spikeWeight follows "If the issue needs a spike": spikes are timeboxed with a weight of 2.
var spikeWeight = triage.Rule{
	Meta: triage.Meta{
		ID:      "spike-weight",
		Summary: "Gives a spike without a weight its weight of 2.",
		Section: "If the issue needs a spike",
		On:      triage.Opened | triage.LabelsChanged | triage.WeightChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.Spike) {
			return triage.Nothing("the issue is not a spike")
		}
		weight := in.Weight()
		switch {
		case weight == nil && in.Memory.WeightDropped:
			return triage.Ask("spikes are scheduled with a weight of 2, and this GitLab keeps no weights", triage.Item{
				Slot: "dropped", Title: "A weight of 2", Text: "This GitLab did not keep it.", Do: triage.HowTo(in.WeightAction(2)),
			})
		case weight == nil:
			return triage.Want("spikes are scheduled with a weight of 2", in.WeightAction(2))
		case *weight != 2:
			return triage.Ask("spikes are scheduled with a weight of 2, this one has "+strconv.Itoa(*weight), triage.Item{
				Slot: "weight", Title: "A weight of 2", Text: "Spikes are timeboxed to it.", Do: triage.HowTo(in.WeightAction(2)),
			})
		}
		v := triage.Nothing("the spike has its weight of 2")
		if own, ours := in.Memory.BotChanges[in.WeightAction(2).Key()]; ours && own.Value == 2 {
			v.Lines = []string{"Weight 2: spikes are timeboxed."}
		}
		return v
	},
}
