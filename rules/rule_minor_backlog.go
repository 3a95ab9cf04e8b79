package rules

import "flowkeeper/rules/triage"

// minorBacklog follows "Triage Process": a smaller issue with no significant impact goes to the backlog.
var minorBacklog = triage.Rule{
	Meta: triage.Meta{
		ID:      "minor-backlog",
		Summary: "Puts an issue of severity 4 and priority 4 without a milestone into the backlog.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged | triage.MilestoneChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Uses:    triage.UsesLevels,
		Words: func(t *triage.Team) string {
			return "Puts an issue of " + levelPair(t, (*triage.Levels).Least) + " without a milestone into the backlog."
		},
		Options: []triage.Option{{Name: "milestone", Help: "the title of the backlog's milestone", Default: "Backlog"}},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		least := levelPair(in.Team, (*triage.Levels).Least)
		switch {
		case !hasLevels(in, (*triage.Levels).Least):
			return triage.Nothing("the issue is not " + least)
		case in.Issue.Milestone != 0:
			return triage.Nothing("the issue has a milestone")
		case in.Has(triage.Deliverable):
			return triage.Nothing("a deliverable belongs to a release, not into the backlog")
		case in.Has(triage.FollowUp):
			return triage.Nothing("a follow-up gets a milestone of its own, not the backlog")
		}
		backlog := triage.SetMilestone{Title: opt.Text("milestone")}
		v := triage.Want("an issue of "+least+" without a milestone goes to the backlog", backlog)
		v.Suggestion = &triage.Item{
			Slot: "milestone", Title: "A milestone", Text: "Small issues go to the backlog.", Do: triage.HowTo(backlog),
		}
		return v
	},
}
