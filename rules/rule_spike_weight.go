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
		Uses:    triage.UsesWeights,
		Words: func(t *triage.Team) string {
			return "Gives a spike without a weight its weight of " + strconv.Itoa(t.Scale.Spike) + "."
		},
		Prompt: true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.Spike) {
			return triage.Nothing("the issue is not a spike")
		}
		weight, timebox := in.Weight(), in.Team.Scale.Spike
		shown := strconv.Itoa(timebox)
		switch {
		case weight == nil && in.Memory.WeightDropped:
			return triage.Ask("spikes are scheduled with a weight of "+shown+", and this GitLab keeps no weights", triage.Item{
				Slot: "dropped", Title: "A weight of " + shown, Text: "This GitLab did not keep it.", Do: triage.HowTo(in.WeightAction(timebox)),
			})
		case weight == nil:
			return triage.Want("spikes are scheduled with a weight of "+shown, in.WeightAction(timebox))
		case *weight != timebox:
			return triage.Ask("spikes are scheduled with a weight of "+shown+", this one has "+strconv.Itoa(*weight), triage.Item{
				Slot: "weight", Title: "A weight of " + shown, Text: "Spikes are timeboxed to it.", Do: triage.HowTo(in.WeightAction(timebox)),
			})
		}
		v := triage.Nothing("the spike has its weight of " + shown)
		if own, ours := in.Memory.BotChanges[in.WeightAction(timebox).Key()]; ours && own.Value == timebox {
			v.Lines = []string{"Weight " + shown + ": spikes are timeboxed."}
		}
		return v
	},
}
