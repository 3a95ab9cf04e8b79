package rules

import "flowkeeper/rules/triage"

// spikeFollowUp follows "If the issue needs a spike": what a spike found out goes on in a follow-up issue.
var spikeFollowUp = triage.Rule{
	Meta: triage.Meta{
		ID:      "spike-follow-up",
		Summary: "Asks for the follow-up issue of a closed spike.",
		Section: "If the issue needs a spike",
		On:      triage.Closed,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Prompt:  true,
		Closed:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Issue.Closed:
			return triage.Nothing("the issue is open")
		case !in.Has(triage.Spike):
			return triage.Nothing("the issue is not a spike")
		case undoneClosing(in) != "":
			return triage.Nothing("the spike was closed " + undoneClosing(in))
		case !in.Knows(triage.NeedLinks | triage.NeedClosingReason):
			return triage.Load("why the spike was closed and whether it has a follow-up has to be looked up", triage.NeedLinks|triage.NeedClosingReason)
		case len(in.Memory.Context.Links) > 0:
			return triage.Nothing("the spike has a linked issue")
		}
		return triage.Ask("the spike was closed without a linked follow-up", triage.Item{
			Slot: "follow-up", Title: "A follow-up",
			Text: "for the work it found", Do: in.Team.CommandCode("spike done") + ", or link one with " + triage.Code("/relate #123"),
		})
	},
}
