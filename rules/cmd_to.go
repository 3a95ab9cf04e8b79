package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// commandTo moves an issue to any state of "Workflow labels".
var commandTo = triage.Command{
	Name: "to", Args: "<state>", Summary: "Moves the issue to a workflow state.", Example: "to " + triage.HandbookWorkflow().Named(triage.Development), Names: triage.Development,
	Section: "Workflow labels", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		state := knownState(in.Team, call.Args)
		if state == "" {
			return refuseState(in.Team, call.Args)
		}
		out := move(in, state)
		if in.State() == state {
			out.Reason = "the issue is in “" + state + "” already"
		}
		return out
	},
}

// knownState is the workflow state that a text names, "" if there is none of that name.
func knownState(team *triage.Team, as string) string {
	as = strings.TrimSpace(triage.Unquote(as))
	if scope, value, ok := strings.Cut(as, "::"); ok && strings.EqualFold(strings.TrimSpace(scope), team.Label(triage.WorkflowScope)) {
		as = strings.TrimSpace(value)
	}
	if name, ok := team.StateOf(team.Canonical(as)); ok && slices.Contains(team.Workflow.Names(), name) {
		return name
	}
	found, _ := team.Workflow.Find(as)
	return found.Name
}

// refuseState says which states there are.
func refuseState(team *triage.Team, as string) triage.Outcome {
	why := triage.Say("a state is missing")
	if as != "" {
		why = triage.Say("there is no workflow state ").Quote(as)
	}
	if near := triage.Nearest(triage.Unquote(as), team.Workflow.Names()); near != "" {
		return triage.Refuse(why.Say("; did you mean " + team.CommandCode("to "+near) + "?"))
	}
	return triage.Refuse(why.Say(". The states are: " + strings.Join(team.Workflow.Names(), ", ")))
}
