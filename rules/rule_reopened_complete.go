package rules

import "flowkeeper/rules/triage"

// reopenedComplete follows "Workflow labels": an open issue is not complete.
var reopenedComplete = triage.Rule{
	Meta: triage.Meta{
		ID:         "reopened-complete",
		Summary:    "Asks where a reopened issue stands that is still marked as complete.",
		OwnSummary: "Asks where a reopened issue stands that is still marked as {done}.",
		States:     [][]triage.Meaning{{triage.Done}},
		Section:    "Workflow labels",
		On:         triage.Reopened,
		Mode:       triage.Remind,
		MaxMode:    triage.Remind,
		Prompt:     true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Team.Workflow.Has(triage.Done):
			return in.NotIn(triage.Done)
		case !in.Is(triage.Done):
			return triage.Nothing("the issue is not marked as " + in.Team.Workflow.Named(triage.Done))
		case in.Kinds&triage.Reopened == 0 && !isOnNote(in, "reopened-complete/state"):
			return triage.Nothing("the issue was not reopened just now")
		}
		refinement := stateAction(in, triage.Refinement, triage.Intake)
		return triage.Ask("the issue was reopened and is still marked as "+in.State(), triage.Item{
			Slot: "state", Title: "A workflow label", Text: "It is open again. Where does it stand?", Do: triage.HowTo(refinement) + ", or another",
		})
	},
}
