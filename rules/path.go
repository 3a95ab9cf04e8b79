package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// neighbour is the state on the path so many steps (1 or -1) from this one, "" beyond its ends. The path begins before its first state, at an
// issue without any. Only security issues await a release.
func neighbour(in triage.Input, state string, step int) string {
	path := triage.States()[:triage.Rank(triage.StateComplete)+1]
	for n := triage.Rank(state) + step; n >= 0 && n < len(path); n += step {
		if path[n] != triage.StateAwaitingRelease || in.IsSecurity() {
			return path[n]
		}
	}
	return ""
}

// offPath reports whether a state stands beside the handbook's path, or is none that it knows.
func offPath(state string) bool { return state != "" && triage.Rank(state) < 0 }

// stateBefore is the state that the issue came from, "" if GitLab does not know it either. Needs are facts that have to be known first.
func stateBefore(in triage.Input) (state string, needs triage.Need) {
	if since := in.Memory.StateEntry; since.State == in.State() && since.From != "" {
		return since.From, 0
	}
	if !in.Knows(triage.NeedStateEntry) {
		return "", triage.NeedStateEntry
	}
	return "", 0
}

// leaveBlocked moves a blocked issue to the state in which it was before.
func leaveBlocked(in triage.Input) triage.Outcome {
	before, needs := stateBefore(in)
	switch {
	case needs != 0:
		return triage.Outcome{Reason: "where the issue was before it was blocked has to be looked up", Needs: needs}
	case before == "":
		return triage.Refuse(triage.Say("it is not known in which state the issue was before it was blocked; name one, for example " +
			in.Team.CommandCode("to "+triage.StateInDev)))
	}
	return move(in, before)
}

// move puts an issue into a state. The state may be one that people made up.
func move(in triage.Input, state string) triage.Outcome {
	return triage.Did("moves to "+state, triage.AddLabel{Label: in.Team.State(state)})
}

// lack is something that an issue does not have and needs for a state.
type lack struct {
	reason string // "its weight is empty"
	short  string // Markdown of our own, with what supplies it: "a weight (`/flow weight 3`)"
	item   triage.Item
}

// lacking lists what an issue needs for a state and does not have. Needs are facts that have to be known first.
func lacking(in triage.Input, state string) (lacks []lack, needs triage.Need) {
	switch state {
	case triage.StateNeedsReview:
		return lackingWeight(in), 0
	case triage.StateReady:
		return lackingForReady(in)
	case triage.StateInDev:
		if len(in.Issue.Assignees) == 0 {
			return []lack{{short: "an assignee (" + triage.Code("/assign me") + ")"}}, 0
		}
	}
	return nil, 0
}

// lackingWeight is the estimate that comes before the review: one with which the issue can be scheduled.
func lackingWeight(in triage.Input) []lack {
	weight := in.BaseWeight() // the extra level for security takes nothing out of a plan
	switch {
	case weight == nil:
		whose := ""
		if in.TwoSided() {
			whose = "for the " + in.Team.Side + " side "
		}
		return []lack{{
			reason: "its weight is empty", item: weightItem(in),
			short: "a weight " + whose + "(" + in.Team.CommandCode("weight 3") + ")",
		}}
	case *weight > 4:
		return []lack{{
			reason: "a weight of " + strconv.Itoa(*weight) + " is not scheduled",
			short:  "a weight of 4 or less (split it up, or " + in.Team.CommandCode("spike <what>") + ")",
			item:   triage.Item{Slot: "weight", Title: "A weight of 4 or less", Text: "More is not scheduled: split it, or run a spike."},
		}}
	}
	return nil
}

// lackingForReady is what an issue needs for its development: a weight, a type and, if it is a feature, the agreement of the review.
func lackingForReady(in triage.Input) (lacks []lack, needs triage.Need) {
	lacks = lackingWeight(in)
	switch kind := in.ScopedValue(triage.TypeScope); {
	case kind == "":
		lacks = append(lacks, lack{reason: "it has no type", short: "a type (" + typeCommand(in) + ")", item: typeItem(in)})
	case agreed(in) && !in.Knows(agreementNeeds(in)):
		return nil, agreementNeeds(in)
	case agreed(in) && !in.Tally().Complete():
		tally := in.Tally()
		lacks = append(lacks, lack{
			reason: "its review is not agreed", item: agreementItem(in, tally),
			short: "a sign-off (" + count(tally) + "; " + in.Team.CommandCode("agree") + ")",
		})
	}
	return lacks, 0
}
