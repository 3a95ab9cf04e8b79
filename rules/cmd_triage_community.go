package rules

import "flowkeeper/rules/triage"

// commandTriageCommunity follows "Triage Process": an uncontroversial problem with a clear solution invites contributors.
var commandTriageCommunity = triage.Command{
	Name: "triage community", Summary: "Invites contributors to the issue.", Example: "triage community",
	Section: "Triage Process", Who: triage.Member,
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		return inviteContributors(in, triage.Contributions)
	},
}

// inviteContributors puts labels for contributors on the issue, unless the team works on it: contributions-hygiene would then remove them again.
func inviteContributors(in triage.Input, labels ...triage.LabelRole) triage.Outcome {
	if why := whyNotFree(in); why != "" {
		return triage.Refuse(triage.Say(why + ", so it does not invite contributors; " + howToFree(in)))
	}
	var actions []triage.Action
	for _, role := range labels {
		if !in.Has(role) {
			actions = append(actions, triage.AddLabel{Label: in.Team.Label(role)})
		}
	}
	if len(actions) == 0 {
		return triage.Did("the issue invites contributors already")
	}
	return triage.Did("invites contributors", actions...)
}

// howToFree says what would make an issue that is taken free for contributors.
func howToFree(in triage.Input) string {
	switch {
	case len(in.Issue.Assignees) > 0:
		return triage.Code("/unassign") + " frees it"
	case in.Is(triage.Blocked):
		return in.Team.CommandCode("unblock") + " moves it back to where it was"
	}
	return "in another state it would, for example after " + in.Team.CommandCode("to "+in.Team.Workflow.Named(triage.Ready, triage.Intake))
}
