package rules

import "flowkeeper/rules/triage"

// commandSpike carries out "If the issue needs a spike": the issue becomes one, timeboxed with a weight of 2, and the engineering manager is
// asked to schedule it.
var commandSpike = triage.Command{
	Name: "spike", Args: "<what>", Summary: "Makes the issue a spike and asks the engineering manager to schedule it.",
	Example: "spike is Gitaly fast enough for this?", Section: "If the issue needs a spike", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		what := quotableText(call)
		switch {
		case what == "":
			return refuseWithout(in.Team, "spike <what>", "spike is Gitaly fast enough for this?")
		case triage.Nearest(what, []string{"done"}) != "":
			return triage.Refuse(triage.Say("a spike about ").Quote(what).Say("? Its end is " + in.Team.CommandCode("spike done")))
		}
		out := requestItem(in, matter{
			command: "spike", title: "A spike to plan", then: "Please give it a milestone and somebody to do it.",
			asks: []triage.Role{triage.EngineeringManager},
		}, what, call)
		out.Reason = "the issue is a spike already, asks to schedule it"
		if !in.Has(triage.Spike) {
			out.Reason = "makes the issue a spike and asks to schedule it"
			out.Actions = append(out.Actions, triage.AddLabel{Label: in.Team.Label(triage.Spike)})
		}
		if lacksWeight(in) {
			out.Actions = append(out.Actions, in.WeightAction(in.Team.Scale.Spike))
		}
		return out
	},
	// It is seen to once the spike is planned afterwards, is worked on, or is none any more.
	Unresolved: func(in triage.Input, requested triage.RequestedItem) bool {
		planned := in.Issue.Milestone != 0 && len(in.Issue.Assignees) > 0 && answeredAfter(in, requested, func(e triage.Event) bool {
			return e.Kind&(triage.AssigneesChanged|triage.MilestoneChanged) != 0
		})
		return !in.Issue.Closed && in.Has(triage.Spike) && !planned && !hasMovedOn(in, requested)
	},
}
