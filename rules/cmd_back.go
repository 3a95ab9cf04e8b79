package rules

import "flowkeeper/rules/triage"

// commandBack moves an issue back: to the state it came from, or one step back on the path of "Workflow labels" if that is unknown or further on.
// It never moves forward, so that going back twice does not return to where it began.
var commandBack = triage.Command{
	Name: "back", Summary: "Moves the issue back to the workflow state that it came from.", Example: "back",
	Section: "Workflow labels", Who: triage.Member,
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		state := in.State()
		switch {
		case state == "":
			return triage.Refuse(triage.Say("the issue has no workflow state; " + in.Team.CommandCode("next") + " gives it one"))
		case in.Team.Workflow.Rank(state) == 0:
			return triage.Refuse(triage.Say("the issue is at the beginning; " + in.Team.CommandCode("next") + " moves it on"))
		case in.Is(triage.Blocked):
			return leaveBlocked(in)
		}
		before, needs := stateBefore(in)
		switch {
		case needs != 0:
			return triage.Outcome{Reason: "where the issue came from has to be looked up", Needs: needs}
		case before != "" && (offPath(in) || in.Team.Workflow.Rank(before) < in.Team.Workflow.Rank(state)):
			if !in.Team.Workflow.MayMove(before, state) {
				return moveAnyway(in, before) // takes back a move that was none of the workflow's
			}
			return move(in, before)
		case offPath(in):
			return triage.Refuse(triage.Say("it is not known where the issue came from; name a state, for example " + exampleMove(in.Team)))
		}
		if previous := neighbour(in, -1); previous != "" {
			return move(in, previous)
		}
		return refuseMove(in, in.Team.Workflow.Path[in.Team.Workflow.Rank(state)-1].Name)
	},
}
