package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// reviewNeedsWeight follows "Issue refinement": the weight comes before the review.
var reviewNeedsWeight = triage.Rule{
	Meta: triage.Meta{
		ID:         "review-needs-weight",
		Summary:    "Reminds of the weight of an issue in review.",
		OwnSummary: "Reminds of the weight of an issue {in review}.",
		States:     [][]triage.Meaning{{triage.Review}},
		Section:    "Issue refinement",
		On:         triage.Opened | triage.LabelsChanged | triage.WeightChanged,
		Mode:       triage.Remind,
		MaxMode:    triage.Remind,
		Uses:       triage.UsesWeights,
		Prompt:     true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Is(triage.Review):
			return in.NotIn(triage.Review)
		case in.Weight() != nil:
			return triage.Nothing("the issue " + in.Where() + " has a weight")
		}
		return triage.Ask("the issue is "+in.Where()+" and its weight is empty", weightItem(in))
	},
}

// weightItem asks for a weight, in the same words for every rule that needs one.
func weightItem(in triage.Input) triage.Item {
	example := in.Team.Scale.Example()
	item := triage.Item{
		Slot: "weight", Title: "A weight", Do: weightCommand(in.Team, example) + " or " + triage.HowTo(in.WeightAction(example)),
	}
	if in.Team.Scale.HasSides() {
		item.Text = "for the " + in.Team.Side + " side"
	}
	return item
}

// weightCommand is the command that sets a weight, as a code span.
func weightCommand(team *triage.Team, weight int) string {
	return team.CommandCode("weight " + strconv.Itoa(weight))
}
