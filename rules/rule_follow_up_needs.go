package rules

import "flowkeeper/rules/triage"

// followUpNeeds follows "Issue assignments": what is left over from a release is planned, or it is forgotten.
var followUpNeeds = triage.Rule{
	Meta: triage.Meta{
		ID:      "follow-up-needs",
		Summary: "Reminds of the milestone and the weight of a follow-up.",
		Section: "Issue assignments",
		On:      triage.Opened | triage.LabelsChanged | triage.WeightChanged | triage.MilestoneChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.FollowUp) {
			return triage.Nothing("the issue is not a follow-up")
		}
		var missing []triage.Item
		var lacks []string
		if in.Issue.Milestone == 0 {
			lacks, missing = append(lacks, "a milestone"), append(missing, milestoneItem(in))
		}
		if in.Weight() == nil {
			lacks, missing = append(lacks, "a weight"), append(missing, weightItem(in))
		}
		if len(missing) == 0 {
			return triage.Nothing("the follow-up has a milestone and a weight")
		}
		return triage.Ask("a follow-up is given a milestone and a weight or added to the planning issue, this one lacks "+joinWords(lacks), missing...)
	},
}
