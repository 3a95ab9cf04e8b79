package rules

import (
	"strings"

	"flowkeeper/rules/triage"
)

// commandTo moves an issue to any state of "Workflow labels".
var commandTo = triage.Command{
	Name: "to", Args: "<state>", Summary: "Moves the issue to a workflow state.", Example: "to in dev",
	Section: "Workflow labels", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		state := knownState(in.Team, call.Args)
		if state == "" {
			return refuseState(in.Team, call.Args)
		}
		if in.State() == state {
			return triage.Did("the issue is in “"+state+"” already", triage.AddLabel{Label: in.Team.State(state)})
		}
		return triage.Did("moves to "+state, triage.AddLabel{Label: in.Team.State(state)})
	},
}

// knownState is the workflow state that people mean, "" if there is none so called.
func knownState(team *triage.Team, as string) string {
	as = strings.TrimSpace(triage.Unquote(as))
	if scope, value, ok := strings.Cut(as, "::"); ok && strings.EqualFold(strings.TrimSpace(scope), team.Label(triage.WorkflowScope)) {
		as = strings.TrimSpace(value)
	}
	for _, s := range triage.States() {
		if strings.EqualFold(s, as) || strings.EqualFold(s, strings.NewReplacer("-", " ", "_", " ").Replace(as)) {
			return s
		}
	}
	return ""
}

// refuseState says which states there are.
func refuseState(team *triage.Team, as string) triage.Outcome {
	why := triage.Say("a state is missing")
	if as != "" {
		why = triage.Say("there is no workflow state ").Quote(as)
	}
	if near := triage.Nearest(triage.Unquote(as), triage.States()); near != "" {
		return triage.Refuse(why.Say("; did you mean " + team.CommandCode("to "+near) + "?"))
	}
	return triage.Refuse(why.Say(". The states are: " + strings.Join(triage.States(), ", ")))
}
