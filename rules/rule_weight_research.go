package rules

import (
	"fmt"
	"strconv"

	"flowkeeper/rules/triage"
)

// weightResearch follows "Issue refinement": an issue that receives a weight above 3 may need further research.
var weightResearch = triage.Rule{
	Meta: triage.Meta{
		ID:      "weight-research",
		Summary: "Marks an issue whose estimate suggests that more research is needed.",
		Section: "Issue refinement",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Uses:    triage.UsesWeights,
		Prompt:  true,
		Options: []triage.Option{{Name: "above", Help: "the highest weight that needs no research, of the scale; the same as weights.research_above", Default: 3, Min: 0, Max: 1000}},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		above := opt.Int("above")
		label := in.Team.Label(triage.Research)
		base := in.BaseWeight()
		if base == nil || *base <= above {
			return removeResearch(in, base, above, label)
		}
		item := triage.Item{Slot: "research", Title: "Research", Text: "A weight of " + strconv.Itoa(*base) + " suggests that more is needed."}
		if *in.Weight() != *base {
			item.Text = "Your estimate of " + strconv.Itoa(*base) + ", without the security level, suggests that more is needed."
		}
		if *base < in.Team.Scale.SplitFrom && !in.Has(triage.Spike) { // from there on weight-split-up says so
			item.Do = in.Team.CommandCode("spike <what>") + " for a spike"
		}
		v := triage.Ask(weightInWords(in)+fmt.Sprintf("; above %d it suggests that more research is needed", above), item)
		v.Actions = []triage.Action{triage.AddLabel{Label: label}}
		return v
	},
}

// removeResearch takes the label off again where the bot had put it.
func removeResearch(in triage.Input, base *int, above int, label string) triage.Verdict {
	reason := "the issue has no weight"
	if base != nil {
		reason = weightInWords(in) + "; " + strconv.Itoa(above) + " or less needs no research"
	}
	if own, ours := in.Memory.BotChanges["label:"+label]; !ours || own.Removed || !in.Issue.Has(label) {
		return triage.Nothing(reason)
	}
	return triage.Want(reason, triage.RemoveLabel{Label: label})
}
