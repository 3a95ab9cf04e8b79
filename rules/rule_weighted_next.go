package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// weightedNext follows "Issue refinement": once an issue in refinement has its weight, it goes to the review.
var weightedNext = triage.Rule{
	Meta: triage.Meta{
		ID:         "weighted-next",
		Summary:    "Says that a weighted issue in refinement goes to the issue review next; in mode act, moves it.",
		OwnSummary: "Says that a weighted issue {in refinement} can go to {review} next; in mode act, moves it.",
		States:     [][]triage.Meaning{{triage.Refinement}, {triage.Review}},
		Section:    "Issue refinement",
		On:         triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:       triage.Remind,
		MaxMode:    triage.Act,
		Uses:       triage.UsesWeights,
		Prompt:     true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		weight := in.BaseWeight()
		switch {
		case !in.Is(triage.Refinement):
			return in.NotIn(triage.Refinement)
		case !in.Team.Workflow.Has(triage.Review):
			return in.NotIn(triage.Review)
		case in.Has(triage.Spike):
			return triage.Nothing("a spike is timeboxed, its weight is not an estimate to review")
		case weight == nil:
			return triage.Nothing("the issue " + in.Where() + " has no weight yet")
		case *weight >= in.Team.Scale.SplitFrom:
			return triage.Nothing("a weight of " + strconv.Itoa(*weight) + " is not ready for review")
		case !in.WeightSet() && !isOnNote(in, "weighted-next/next"):
			return triage.Nothing("the weight was not set just now")
		}
		v := triage.Want("the issue is "+in.Where()+", and "+weightInWords(in), stateAction(in, triage.Review))
		review := "review"
		if !in.Team.Workflow.IsHandbook() {
			review = in.Team.Workflow.Named(triage.Review)
		}
		v.Suggestion = &triage.Item{
			Slot: "next", Title: "The next step", Text: "It is weighted and can go to " + review + ".", Do: in.Team.CommandCode("next"),
		}
		return v
	},
}

// isOnNote reports whether an item ("rule/slot") is on the note or about to be.
func isOnNote(in triage.Input, key string) bool {
	state := in.Memory.Items[key].State
	return state == triage.ItemOpen || state == triage.ItemPending
}
