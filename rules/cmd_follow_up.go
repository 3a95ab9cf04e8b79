package rules

import (
	"slices"
	"strconv"

	"flowkeeper/rules/triage"
)

// commandFollowUp carries out "Issue assignments": what is left over when an issue is done becomes an issue of its own, with a milestone and a
// weight, or it is forgotten.
var commandFollowUp = triage.Command{
	Name: "follow-up", Args: "<title> [weight=<n>] [milestone=<title>]",
	Summary: "Opens an issue for what is left over, with this issue's labels, and links the two.",
	Example: "follow-up remove the feature flag weight=1", ArgsIn: followUpArguments, ExampleIn: followUpExample,
	Section: "Issue assignments", Who: triage.Member, Closed: true, Opens: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		given, wrong := readFollowUp(in.Team, "follow-up", call.Args)
		switch {
		case wrong != nil:
			return *wrong
		case given.title == "":
			return refuseWithout(in.Team, "follow-up <title>", followUpExample(in.Team))
		case !in.Knows(triage.NeedLinks):
			return triage.Outcome{Reason: "which follow-ups there are has to be looked up", Needs: triage.NeedLinks}
		}
		draft := followUpDraft(in, given.title, given.weight)
		draft.Kind, draft.Milestone = triage.DraftFollowUp, given.milestone
		draft.Confidential = draft.Confidential || call.Internal // its title was written for members only
		if label := in.Team.Label(triage.FollowUp); !hasLabelOf(in.Team, draft.Labels, triage.FollowUp) {
			draft.Labels = append(draft.Labels, label)
		}
		out := triage.Did("opens a follow-up")
		out.Opens = &draft
		return out
	},
}

// followUpArguments are the arguments in a team.
func followUpArguments(t *triage.Team) string {
	if t.Scale.Off() {
		return "<title> [milestone=<title>]"
	}
	return "<title> [weight=<n>] [milestone=<title>]"
}

// followUpExample is the example in a team.
func followUpExample(t *triage.Team) string {
	example := "follow-up remove the feature flag"
	if t.Scale.Off() {
		return example
	}
	return example + " weight=" + strconv.Itoa(t.Scale.Lowest())
}

// hasLabelOf reports whether one of the labels has the role.
func hasLabelOf(team *triage.Team, labels []string, role triage.LabelRole) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return labelHasRole(team, l, role) })
}
