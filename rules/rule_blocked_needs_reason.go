package rules

import "flowkeeper/rules/triage"

// blockedNeedsReason follows "Workflow labels": an issue is blocked until something else is done, and says by what.
var blockedNeedsReason = triage.Rule{
	Meta: triage.Meta{
		ID:      "blocked-needs-reason",
		Summary: "Asks what blocks an issue if neither a link nor a comment says it.",
		States:  [][]triage.Meaning{{triage.Blocked}},
		Section: "Workflow labels",
		On:      triage.Opened | triage.LabelsChanged | triage.Noted | triage.Woken,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Is(triage.Blocked):
			return in.NotIn(triage.Blocked)
		case in.Memory.Context.LastComment.After(in.Memory.StateEntry.RelevantFrom()):
			return triage.Nothing("the issue is " + in.Where() + " and a comment says more")
		case !in.Knows(triage.NeedLinks | triage.NeedComments):
			return triage.Load("whether a link or a comment says what blocks it has to be looked up", triage.NeedLinks|triage.NeedComments)
		case in.LinkedAs(triage.BlockedBy):
			return triage.Nothing("the issue is " + in.Where() + " and a link says by what")
		}
		return triage.Ask("the issue is "+in.Where()+", and neither a link nor a comment says by what", triage.Item{
			Slot: "reason", Title: "What blocks it", Do: triage.Code("/blocked_by #123") + ", or say it in a comment", Else: "Say it in a comment.",
		})
	},
}
