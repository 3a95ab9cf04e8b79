package rules

import "flowkeeper/rules/triage"

// commandTriageQuickWin follows "Triage Process": what invites contributors and is easy too is a quick win.
var commandTriageQuickWin = triage.Command{
	Name: "triage quick-win", Summary: "Invites contributors and marks the issue as a quick win.", Example: "triage quick-win",
	Section: "Triage Process", Who: triage.Member,
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		return inviteContributors(in, triage.Contributions, triage.QuickWin)
	},
}
