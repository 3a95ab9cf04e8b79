package rules

import "flowkeeper/rules/triage"

// workflowOrder follows "Workflow labels": states may be skipped and moved back, but development does not begin before the problem is
// validated and planned, and what is complete stays so.
var workflowOrder = triage.Rule{
	Meta: triage.Meta{
		ID:      "workflow-order",
		Summary: "Points out a clearly wrong move: from validation straight into development, or back from complete.",
		Section: "Workflow labels",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		state, from := in.State(), in.Memory.StateEntry.From
		switch {
		case in.Memory.StateEntry.State != state || from == "" || state == "":
			return triage.Nothing("the issue did not move along the workflow")
		case in.Team.Workflow.Before(from, triage.Breakdown) && in.Is(triage.Development, triage.CodeReview):
			return triage.Ask("the issue went from "+from+" straight to "+state, triage.Item{
				Slot: "order", Title: "Skipped steps", Text: ": moved from " + from + " to " + state + ". Intended? " +
					in.Team.CommandCode("ignore workflow-order <why>") + "; else " + in.Team.CommandCode("back") + ".",
			})
		case in.Team.Workflow.State(from).Is == triage.Done && !in.Is(triage.Done) && in.Team.Workflow.Rank(state) >= 0:
			return triage.Ask("the issue came back from "+from+" to "+state, triage.Item{
				Slot: "order", Title: "Back from " + from, Text: ": moved to " + state + ". Intended? " +
					in.Team.CommandCode("ignore workflow-order <why>") + "; else open a new issue and " + in.Team.CommandCode("to "+from) + ".",
			})
		}
		return triage.Nothing("the move from " + from + " to " + state + " is in order")
	},
}
