package rules

import (
	"strings"

	"flowkeeper/rules/triage"
)

// commandTriageMinor follows "Triage Process": a smaller issue with no significant impact goes to the backlog. One that has a place of its
// own stays there.
var commandTriageMinor = triage.Command{
	Name: "triage minor", Summary: "A small issue: severity 4, priority 4, and the backlog if it has no milestone.", Example: "triage minor",
	Section: "Triage Process", Who: triage.Member, Uses: triage.UsesLevels,
	Words: func(t *triage.Team) string {
		return "A small issue: " + strings.ReplaceAll(levelPair(t, (*triage.Levels).Least), " and ", ", ") + ", and the backlog if it has no milestone."
	},
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		out := setLevels(in, (*triage.Levels).Least)
		if in.Issue.Milestone == 0 && !in.Has(triage.Deliverable) && !in.Has(triage.FollowUp) {
			out.Reason += ", and puts it into the backlog"
			out.Actions = append(out.Actions, triage.SetMilestone{Title: backlogMilestone(call)})
		}
		return out
	},
}

// backlogMilestone is the title of the backlog's milestone, as the rule minor-backlog has it.
func backlogMilestone(call triage.Call) string {
	opt, ok := call.Options[minorBacklog.ID]
	if !ok {
		opt = minorBacklog.Defaults()
	}
	return opt.Text("milestone")
}
