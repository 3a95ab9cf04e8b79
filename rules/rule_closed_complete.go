package rules

import "flowkeeper/rules/triage"

// closedComplete follows "Workflow labels": an issue that is closed when its development has begun is complete.
var closedComplete = triage.Rule{
	Meta: triage.Meta{
		ID:         "closed-complete",
		Summary:    "Marks an issue as complete when it is closed out of development.",
		OwnSummary: "Marks an issue as {done} when it is closed while it is in work.",
		States:     [][]triage.Meaning{developed, {triage.Done}},
		Section:    "Workflow labels",
		On:         triage.Closed,
		Mode:       triage.Act,
		MaxMode:    triage.Act,
		Closed:     true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Issue.Closed:
			return triage.Nothing("the issue is open")
		case !in.Team.Workflow.Has(triage.Done):
			return in.NotIn(triage.Done)
		case undoneClosing(in) != "":
			return triage.Nothing("the issue was closed " + undoneClosing(in))
		case !in.Is(developed...) && !in.Team.Workflow.IsHandbook():
			return triage.Nothing("the issue was not in work when it was closed")
		case !in.Is(developed...):
			return triage.Nothing("the issue was not closed out of development")
		case in.Kinds&triage.Closed == 0:
			return triage.Nothing("the issue was not closed just now")
		case !in.Knows(triage.NeedClosingReason):
			return triage.Load("why the issue was closed has to be looked up", triage.NeedClosingReason)
		}
		where := in.Where()
		if in.Team.Workflow.IsHandbook() {
			where = in.State() // whose names say where an issue is: "in review"
		}
		return triage.Want("the issue was closed while it was "+where, stateAction(in, triage.Done))
	},
}

// developed are the states in which closing an issue means that its work is done.
var developed = []triage.Meaning{triage.Development, triage.CodeReview, triage.Verification, triage.SecurityRelease}

// undoneClosing says how an issue was closed without its work being done, as a clause such as "as a duplicate"; "" if the work was done.
func undoneClosing(in triage.Input) string {
	switch {
	case in.Issue.Duplicated || in.Has(triage.Duplicate):
		return "as a duplicate"
	case in.Issue.Status == triage.Canceled:
		return "with a status of what will not be done"
	}
	return ""
}
