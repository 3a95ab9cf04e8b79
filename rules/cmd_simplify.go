package rules

import "flowkeeper/rules/triage"

// commandSimplify is an objection in the review of "Convention over configuration": if configuration can be avoided, the issue goes back to
// its refinement.
var commandSimplify = triage.Command{
	Name: "simplify", Args: "<why>", Summary: "Objects that configuration can be avoided and moves the issue back to refinement.",
	Example: "simplify the default branch fits everybody", Section: "Convention over configuration", Who: triage.Member,
	OwnSummary: "Objects to the issue as it is and moves it back.",
	Reviews:    true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		why := quotableText(call)
		switch {
		case why == "":
			return refuseWithout(in.Team, "simplify <why>", "simplify the default branch fits everybody")
		case !inReview(in):
			return refuseOutsideReview(in, "an objection is made")
		}
		back := in.Team.Workflow.Named(triage.Refinement, triage.Intake)
		if !in.Team.Workflow.MayMove(in.State(), back) {
			return refuseMove(in, back)
		}
		answer := "Please answer, or leave the setting out; then "
		if !in.Team.Workflow.IsHandbook() {
			answer = "Please answer; then "
		}
		out := requestItem(in, matter{
			command: "simplify", title: "Objection", then: answer + in.Team.CommandCode("next") + ".",
			asks: []triage.Role{triage.ProductManager, triage.EngineeringManager},
		}, why, call)
		out.Reason = "objects that configuration can be avoided, moves back to " + back
		if !in.Team.Workflow.IsHandbook() {
			out.Reason = "objects, moves back to " + back
		}
		out.Actions = []triage.Action{stateAction(in, triage.Refinement, triage.Intake)}
		return out
	},
	// It is seen to once the issue is back in the review, or past it.
	Unresolved: func(in triage.Input, _ triage.RequestedItem) bool {
		return !in.Issue.Closed && !hasReached(in, triage.Review, triage.Ready)
	},
}
