package rules

import (
	"slices"
	"strconv"

	"flowkeeper/rules/triage"
)

// splitWeight follows "Backend and Frontend issues": where both sides work on an issue, each has a weight of its own, as a label.
var splitWeight = triage.Rule{
	Meta: triage.Meta{
		ID:      "split-weight",
		Summary: "Turns the plain weight of an issue for backend and frontend into the label of the team's side.",
		Section: "Backend and Frontend issues",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Uses:    triage.UsesSides,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		side := in.Team.Side
		switch {
		case !in.TwoSided():
			return triage.Nothing("the issue is not for both backend and frontend")
		case in.Issue.Weight == nil:
			return triage.Nothing("the issue has no plain weight to split")
		case in.Has(triage.Spike):
			return triage.Nothing("a spike is timeboxed, its weight is not an estimate to split")
		}
		weight := *in.Issue.Weight
		v := triage.Nothing("each side has a weight of its own")
		if in.Winner(in.Team.WeightScope(side)) == "" {
			first := firstWeight{in.Team.SideWeight(side, weight)}
			v = triage.Want("the issue is for both sides, so its weight of "+strconv.Itoa(weight)+" becomes the "+side+"'s", first)
			v.Suggestion = &triage.Item{
				Slot: side, Title: "A " + side + " weight", Text: "The plain weight does not say whose it is.", Do: triage.HowTo(first),
			}
		}
		if other := otherSide(side); in.Winner(in.Team.WeightScope(other)) == "" {
			if len(v.Actions) == 0 {
				v.Reason = "the " + other + " has no weight of its own"
			}
			v.Items = []triage.Item{{
				Slot: other, Title: "A " + other + " weight", Text: "The work there may weigh differently.",
				Do: triage.HowTo(in.Team.SideWeight(other, in.Team.Scale.Example())),
			}}
		}
		return v
	},
}

// firstWeight wants a side to have a weight label. Another one is as good: the extra level for security issues may be on top of it.
type firstWeight struct{ triage.SetWeight }

// Key is the label's: people undo it by taking the label off, not by changing the weight.
func (a firstWeight) Key() string {
	return triage.AddLabel{Label: triage.LabelOf(a.SetWeight)}.Key()
}

// Done reports whether the side has any weight label.
func (a firstWeight) Done(i triage.Issue) bool {
	scope := triage.Scope(triage.LabelOf(a.SetWeight))
	return slices.ContainsFunc(i.Labels, func(l string) bool { return triage.Scope(l) == scope })
}

// Apply gives a side without a weight label this one.
func (a firstWeight) Apply(i triage.Issue) triage.Issue {
	if a.Done(i) {
		return i
	}
	return a.SetWeight.Apply(i)
}

// otherSide is the side that the issue is also for.
func otherSide(side string) string {
	if side == "backend" {
		return "frontend"
	}
	return "backend"
}
