package rules

import (
	"slices"

	"flowkeeper/rules/triage"
)

// closedComplete follows "Workflow labels": what is closed out of development is complete.
var closedComplete = triage.Rule{
	Meta: triage.Meta{
		ID:      "closed-complete",
		Summary: "Marks an issue as complete when it is closed out of development.",
		Section: "Workflow labels",
		On:      triage.Closed,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Closed:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		state := in.State()
		switch {
		case !in.Issue.Closed:
			return triage.Nothing("the issue is open")
		case in.Issue.Duplicated || in.Has(triage.Duplicate):
			return triage.Nothing("the issue was closed as a duplicate")
		case !slices.Contains(developed, state):
			return triage.Nothing("the issue was not closed out of development")
		case in.Kinds&triage.Closed == 0:
			return triage.Nothing("the issue was not closed just now")
		}
		return triage.Want("the issue was closed while it was "+state, triage.AddLabel{Label: in.Team.State(triage.StateComplete)})
	},
}

// developed are the states out of which closing means done.
var developed = []string{triage.StateInDev, triage.StateInReview, triage.StateVerification, triage.StateAwaitingRelease}
