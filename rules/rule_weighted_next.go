package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// weightedNext follows "Issue refinement": once an issue in refinement has its weight, it goes to the review.
var weightedNext = triage.Rule{
	Meta: triage.Meta{
		ID:      "weighted-next",
		Summary: "Says that a weighted issue in refinement goes to the issue review next; in mode act, moves it.",
		Section: "Issue refinement",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		weight := in.BaseWeight()
		switch {
		case in.State() != triage.StateRefinement:
			return triage.Nothing("the issue is not in refinement")
		case in.Has(triage.Spike):
			return triage.Nothing("a spike is timeboxed, its weight is not an estimate to review")
		case weight == nil:
			return triage.Nothing("the issue in refinement has no weight yet")
		case *weight > 4:
			return triage.Nothing("a weight of " + strconv.Itoa(*weight) + " is not ready for review")
		case !in.WeightSet() && !remembered(in, "weighted-next/next"):
			return triage.Nothing("the weight was not set just now")
		}
		move := triage.AddLabel{Label: in.Team.State(triage.StateNeedsReview)}
		v := triage.Want("the issue is in refinement, and "+weighed(in), move)
		v.Suggestion = &triage.Item{
			Slot: "next", Title: "The next step", Text: "It is weighted and can go to review.", Do: in.Team.CommandCode("next"),
		}
		return v
	},
}

// remembered reports whether an item ("rule/slot") is on the note or about to be.
func remembered(in triage.Input, key string) bool {
	state := in.Memory.Items[key].State
	return state == triage.ItemOpen || state == triage.ItemPending
}
