package rules

import (
	"slices"

	"flowkeeper/rules/triage"
)

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
		was, byStatus := stateWhenClosed(in)
		inWork := slices.Contains(developed, was.Is)
		switch {
		case !in.Issue.Closed:
			return triage.Nothing("the issue is open")
		case !in.Team.Workflow.Has(triage.Done):
			return in.NotIn(triage.Done)
		case undoneClosing(in) != "":
			return triage.Nothing("the issue was closed " + undoneClosing(in))
		case !inWork && !in.Team.Workflow.IsHandbook():
			return triage.Nothing("the issue was not in work when it was closed")
		case !inWork:
			return triage.Nothing("the issue was not closed out of development")
		case in.Kinds&triage.Closed == 0:
			return triage.Nothing("the issue was not closed just now")
		case !in.Knows(triage.NeedClosingReason):
			return triage.Load("why the issue was closed has to be looked up", triage.NeedClosingReason)
		case byStatus && !in.Issue.DefaultStatus:
			return triage.Nothing("the issue was closed with a status that is none of the team's, and not the one that GitLab gives by itself")
		}
		where := was.Where
		if in.Team.Workflow.IsHandbook() {
			where = was.Name // whose names say where an issue is: "in review"
		}
		actions := []triage.Action{stateAction(in, triage.Done)}
		if _, status := in.StateLabels(); in.Team.Store == triage.StoreBoth && in.Issue.DefaultStatus && !in.Team.KnowsStatus(status) {
			done := in.Team.Workflow.Named(triage.Done)
			actions = append(actions, triage.AddLabel{Label: in.Team.StateStatus(done)}) // status-in-step leaves alone what is none of the team's
		}
		return triage.Want("the issue was closed while it was "+where, actions...)
	},
}

// stateWhenClosed is the state in which an issue was when it was closed. GitLab gives an issue that is closed a status; if that is none of the team's and
// stands for the state now, it is the state before, and byStatus is true.
func stateWhenClosed(in triage.Input) (state triage.State, byStatus bool) {
	if isInForeignStatus(in) {
		return in.Team.Workflow.State(in.Memory.StateEntry.From), true
	}
	return in.Team.Workflow.State(in.State()), false
}

// isInForeignStatus reports whether the issue's status counts for where it is and stands for no state of the workflow.
func isInForeignStatus(in triage.Input) bool {
	_, status := in.StateLabels()
	return status != "" && in.StateLabel() == status && !in.Team.KnowsStatus(status)
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
