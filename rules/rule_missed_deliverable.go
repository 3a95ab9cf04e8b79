package rules

import (
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// missedDeliverable follows "Milestone clean-up": a deliverable that its milestone ended without is labelled and goes into the next one. GitLab's own
// team has a bot for it, so it is off unless somebody wants it.
var missedDeliverable = triage.Rule{
	Meta: triage.Meta{
		ID:      "missed-deliverable",
		Summary: "Labels an open deliverable of a milestone that has ended as missed and moves it to the next milestone.",
		Section: "Milestone clean-up",
		On:      triage.Opened | triage.LabelsChanged | triage.MilestoneChanged | triage.Woken,
		Mode:    triage.Off,
		MaxMode: triage.Act,
		Options: []triage.Option{
			{Name: "days", Help: "working days after the milestone's last day; 5 is the day after the release", Default: 5, Min: 1, Max: 30},
			{Name: "label", Help: "what stands before the milestone's title", Default: "missed:"},
		},
		Shared: []triage.Shared{workingDaysShared},
	},
	Decide: func(in triage.Input, opt triage.Options) triage.Verdict {
		milestone, known := in.MilestoneFacts()
		switch {
		case !in.Has(triage.Deliverable):
			return triage.Nothing("the issue is not a deliverable")
		case in.Issue.Milestone == 0:
			return triage.Nothing("the deliverable has no milestone")
		case in.Issue.Milestone == triage.NewMilestone:
			v := triage.Nothing("the deliverable is being moved to a milestone")
			v.Wake = startOf(planning.DateOf(in.Now.UTC()).AddDays(1)) // to learn when that one ends
			return v
		case in.Issue.Confidential || in.IsSecurity():
			return triage.Nothing("what becomes of a confidential or a security issue is left to people")
		case !known:
			return triage.Load("when the milestone ends has to be looked up", triage.NeedMilestone)
		}
		due, err := planning.ParseDate(milestone.Due)
		if _, release := planning.ParseVersion(milestone.Title); !release || err != nil {
			return triage.Nothing("the milestone is not that of a release with a due date")
		}
		days := opt[workingDaysShared.Section].(planning.WorkingDays)
		if missed := startOf(days.Add(due, opt.Int("days"))); in.Now.Before(missed) {
			v := triage.Nothing("the deliverable counts as missed from " + inUTC(missed) + " on")
			v.Wake = missed
			return v
		}
		label := opt.Text("label") + milestone.Title
		if in.HasLabel(label) {
			return triage.Nothing("the label says that the deliverable was missed in this milestone")
		}
		return missDeliverable(in, milestone, label)
	},
}

// workingDaysShared are the working days of the configuration's section "calendar".
var workingDaysShared = triage.Shared{Section: "calendar", Default: planning.WorkingDays{}}

// missDeliverable labels a deliverable and moves it on, if there is a milestone to move it to.
func missDeliverable(in triage.Input, milestone triage.MilestoneFacts, label string) triage.Verdict {
	v := triage.Want("the milestone ended on "+milestone.Due+" and the deliverable is open",
		triage.AddLabel{Label: label}, triage.AddLabel{Label: in.Team.Label(triage.MissedDeliverable)})
	ask := &triage.Item{
		Slot: "missed", Title: "A later milestone", Text: "This one ended on " + milestone.Due + ".", Asks: []triage.Role{triage.EngineeringManager},
		Do: triage.HowTo(v.Actions[0]) + " and " + triage.HowTo(v.Actions[1]),
	}
	if milestone.Next != "" {
		move := triage.MoveMilestone{From: in.Issue.Milestone, Title: milestone.Next}
		v.Actions = append(v.Actions, move)
		ask.Do = triage.HowTo(move) + ", " + ask.Do
	}
	v.Suggestion = ask
	return v
}
