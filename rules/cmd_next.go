package rules

import "flowkeeper/rules/triage"

// commandNext moves an issue along the path of "Workflow labels". It asks for what the next state needs and never skips one.
var commandNext = triage.Command{
	Name: "next", Summary: "Moves the issue to the next workflow state, if it has what that state needs.", Example: "next",
	Section: "Workflow labels", Who: triage.Member,
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		state := in.State()
		switch {
		case in.Is(triage.Blocked):
			return leaveBlocked(in)
		case offPath(in):
			return triage.Refuse(triage.Say("").Quote(state).Say(" is not on " + pathInWords(in.Team) + ", so it has no next state; name one, for example " + exampleMove(in.Team)))
		}
		next := neighbour(in, 1)
		if next == "" && in.Team.Workflow.Rank(state) < len(in.Team.Workflow.Path)-1 {
			return refuseMove(in, in.Team.Workflow.Path[in.Team.Workflow.Rank(state)+1].Name)
		}
		if next == "" {
			return triage.Refuse(triage.Say("“" + state + "” is the last state; " + in.Team.CommandCode("back") + " moves the issue back"))
		}
		lacks, needs := missingFor(in, next)
		switch {
		case needs != 0:
			return triage.Outcome{Reason: "who agreed has to be counted", Needs: needs}
		case len(lacks) > 0:
			missing := make([]string, len(lacks))
			for n, l := range lacks {
				missing[n] = l.short
			}
			return triage.Refuse(triage.Say("“" + next + "” comes next and needs " + joinWords(missing)))
		}
		return move(in, next)
	},
}

// pathInWords names the path on which issues go.
func pathInWords(team *triage.Team) string {
	if team.Workflow.IsHandbook() {
		return "the handbook's path"
	}
	return "the path of the team's workflow"
}
