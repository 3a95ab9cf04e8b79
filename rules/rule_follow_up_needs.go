package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// followUpNeeds follows "Issue assignments": what is left over from a release is planned, or it is forgotten.
var followUpNeeds = triage.Rule{
	Meta: triage.Meta{
		ID:      "follow-up-needs",
		Summary: "Reminds of the milestone and the weight of a follow-up, and asks the engineering manager about a large one.",
		Section: "Issue assignments",
		On:      triage.Opened | triage.LabelsChanged | triage.WeightChanged | triage.MilestoneChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Words: func(t *triage.Team) string {
			if t.Scale.Off() {
				return "Reminds of the milestone of a follow-up."
			}
			return "Reminds of the milestone and the weight of a follow-up, and asks the engineering manager about a large one."
		},
		Options: []triage.Option{{Name: "large", Help: "weight from which on the engineering manager is asked", Default: 4, Min: 1, Max: 1000}},
	},
	Decide: func(in triage.Input, o triage.Options) triage.Verdict {
		if !in.Has(triage.FollowUp) {
			return triage.Nothing("the issue is not a follow-up")
		}
		var missing []triage.Item
		var lacks []string
		if in.Issue.Milestone == 0 {
			lacks, missing = append(lacks, "a milestone"), append(missing, milestoneItem(in))
		}
		if lacksWeight(in) {
			lacks, missing = append(lacks, "a weight"), append(missing, weightItem(in))
		}
		if w := in.Weight(); w != nil && *w >= o.Int("large") && !hasReached(in, triage.Ready) {
			weight := "a follow-up of weight " + strconv.Itoa(*w)
			large := triage.Item{
				Slot: "large", Title: "Substantial work", Text: "The follow-up weighs " + strconv.Itoa(*w) + ". Please see whether it fits the plan.",
				Asks: []triage.Role{triage.EngineeringManager},
			}
			if len(missing) == 0 {
				return triage.Ask("the issue is "+weight+", which the engineering manager should know", large)
			}
			missing = append(missing, large)
		}
		if len(missing) == 0 {
			return triage.Nothing("the follow-up has " + followUpNeedsWhat(in.Team))
		}
		return triage.Ask("a follow-up is given "+followUpNeedsWhat(in.Team)+" or added to the planning issue, this one lacks "+joinWords(lacks), missing...)
	},
}

// followUpNeedsWhat is what a follow-up is given.
func followUpNeedsWhat(team *triage.Team) string {
	if team.Scale.Off() {
		return "a milestone"
	}
	return "a milestone and a weight"
}

// lacksWeight reports whether an issue has no weight and could have one.
func lacksWeight(in triage.Input) bool { return in.Weight() == nil && !in.Team.Scale.Off() }
