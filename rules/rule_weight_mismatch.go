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
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		side := in.Team.Side
		label, labelled := triage.WeightOf(in.Winner(weightScope(side)), side)
		switch plain := in.Issue.Weight; {
		case in.TwoSided():
			return triage.Nothing("each side of the issue has a weight of its own")
		case plain == nil || !labelled:
			return triage.Nothing("the issue has no two weights to compare")
		case *plain == label:
			return triage.Nothing("the weight and the weight label agree")
		case bumpedApart(in.Memory.Bump, *plain, label):
			return triage.Nothing("the weight label has the extra level for security issues, the weight is the estimate before")
		}
		plain := *in.Issue.Weight
		either := triage.Code(triage.SetWeight{Value: label}.Command())
		or := triage.Code(triage.SetWeight{Value: plain, Side: side}.Command())
		return triage.Ask("the weight is "+strconv.Itoa(plain)+" and the weight label says "+strconv.Itoa(label), triage.Item{
			Slot: "weight", Title: "One weight", Text: "It is " + strconv.Itoa(plain) + ", the label says " + strconv.Itoa(label) + ". Use " +
				either + " or " + or + ".",
		})
	},
}

// bumpedApart reports whether a weight and its label differ because only the label got the extra level for security issues.
func bumpedApart(b *triage.Bump, plain, label int) bool {
	return b != nil && plain == b.From && label == b.To
}
