package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// weightMismatch follows "Backend and Frontend issues": an issue of one side has one weight.
var weightMismatch = triage.Rule{
	Meta: triage.Meta{
		ID:      "weight-mismatch",
		Summary: "Points out that the weight and the weight label of an issue of one side differ.",
		Section: "Backend and Frontend issues",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Uses:    triage.UsesWeights,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		side := in.Team.Side
		switch {
		case in.TwoSided():
			return triage.Nothing("each side of the issue has a weight of its own")
		case in.Issue.Weight == nil:
			return triage.Nothing("the issue has no plain weight")
		}
		plain := *in.Issue.Weight
		label, labelled := in.Team.WeightOf(in.Winner(in.Team.WeightScope(side)), side)
		switch {
		case !labelled:
			return triage.Nothing("the issue has no weight label")
		case plain == label:
			return triage.Nothing("the weight and the weight label agree")
		case bumpedApart(in.Memory.Bump, plain, label):
			return triage.Nothing("the weight label has the extra level for security issues, the weight is the estimate before")
		}
		either, or := triage.HowTo(triage.SetWeight{Value: label}), triage.HowTo(in.Team.SideWeight(side, plain))
		return triage.Ask("the weight is "+strconv.Itoa(plain)+" and the weight label says "+strconv.Itoa(label), triage.Item{
			Slot: "weight", Title: "One weight", Text: "It is " + strconv.Itoa(plain) + ", the label says " + strconv.Itoa(label) + ".",
			Do: either + " or " + or,
		})
	},
}

// bumpedApart reports whether a weight and its label differ because only the label got the extra level for security issues.
func bumpedApart(b *triage.Bump, plain, label int) bool {
	return b != nil && plain == b.From && label == b.To
}
