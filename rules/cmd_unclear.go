package rules

import "flowkeeper/rules/triage"

// commandUnclear carries out what "Weighting issues" says of an issue whose single source of truth is not clear: it gets no weight, and the
// managers are asked.
var commandUnclear = triage.Command{
	Name: "unclear", Args: "<what>", Summary: "Asks the managers to clarify the issue's single source of truth.",
	Example: "unclear does this include subgroups?", Section: "Weighting issues", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		what := quotableText(call)
		if what == "" {
			return refuseWithout(in.Team, "unclear <what>", "unclear does this include subgroups?")
		}
		out := requestItem(in, matter{
			command: "unclear", title: "Open question", then: "Please answer and update the description.",
			asks: []triage.Role{triage.EngineeringManager, triage.ProductManager},
		}, what, call)
		out.Reason = "asks for a clarification"
		return out
	},
	// It is seen to once the issue has moved on, or is weighted all the same.
	Unresolved: func(in triage.Input, requested triage.RequestedItem) bool {
		return !in.Issue.Closed && !hasMovedOn(in, requested) && !answeredAfter(in, requested, in.Team.SetsWeight)
	},
}
