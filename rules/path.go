package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// neighbour is the next state on the path in one direction (1 or -1) from that of the issue into which it may move, "" if there is none. The path
// begins before its first state, at an issue without any. Only security issues await a release.
func neighbour(in triage.Input, step int) string {
	path := in.Team.Workflow.Path
	for n := in.Team.Workflow.Rank(in.State()) + step; n >= 0 && n < len(path); n += step {
		if (path[n].Is != triage.SecurityRelease || in.IsSecurity()) && in.Team.Workflow.MayMove(in.State(), path[n].Name) {
			return path[n].Name
		}
	}
	return ""
}

// offPath reports whether the issue's state is beside the team's path, or unknown to the team.
func offPath(in triage.Input) bool { return in.State() != "" && in.Team.Workflow.Rank(in.State()) < 0 }

// hasReached reports whether the issue stands on the path at a state with one of the meanings or behind it. A team may have no such state, so that
// development and what is done count too.
func hasReached(in triage.Input, meanings ...triage.Meaning) bool {
	w := in.Team.Workflow
	return w.Rank(in.State()) >= 0 && !w.Before(in.State(), append(meanings, triage.Development, triage.Done)...)
}

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
		return triage.Refuse(triage.Say("it is not known in which state the issue was before it was blocked; name one, for example " + exampleMove(in.Team)))
	}
	return move(in, before)
}

// move puts an issue into a state, or refuses it where the team's workflow has no such move. The state may be one that people made up.
func move(in triage.Input, state string) triage.Outcome {
	if !in.Team.Workflow.MayMove(in.State(), state) {
		return refuseMove(in, state)
	}
	return moveAnyway(in, state)
}

// refuseMove says what may follow the state in which the issue is.
func refuseMove(in triage.Input, state string) triage.Outcome {
	from := in.State()
	if from == "" {
		from = in.Team.Workflow.Start
	}
	why := "“" + state + "” does not follow “" + from + "” in the team's workflow; "
	after := in.Team.Workflow.After(from)
	if len(after) == 0 {
		return triage.Refuse(triage.Say(why + "nothing does"))
	}
	return triage.Refuse(triage.Say(why + orWords(after) + " may: " + in.Team.CommandCode("to "+after[0])))
}

// moveAnyway puts an issue into a state, whatever moves there are.
func moveAnyway(in triage.Input, state string) triage.Outcome {
	return triage.Did("moves to "+state, triage.AddLabel{Label: in.Team.State(state)})
}

// stateAction wants an issue in the first state that has a meaning; where no state has it, the next meaning counts. One of them must be a state's.
func stateAction(in triage.Input, meanings ...triage.Meaning) triage.AddLabel {
	return triage.AddLabel{Label: in.Team.State(in.Team.Workflow.Named(meanings...))}
}

// exampleMove shows how people name the state that they mean.
func exampleMove(team *triage.Team) string {
	return team.CommandCode("to " + team.Workflow.Named(triage.Development, triage.Intake))
}

// missingFact is something that a state needs and the issue does not have.
type missingFact struct {
	reason string // "its weight is empty"
	short  string // Markdown of our own, with what supplies it: "a weight (`/flow weight 3`)"
	item   triage.Item
}

// missingFor lists what an issue lacks for a state. Needs are facts that have to be loaded first.
func missingFor(in triage.Input, state string) (lacks []missingFact, needs triage.Need) {
	for _, required := range in.Team.Workflow.State(state).Needs {
		switch required {
		case triage.RequireWeight:
			lacks = append(lacks, missingWeight(in)...)
		case triage.RequireType:
			lacks = append(lacks, lackingType(in)...)
		case triage.RequireAgreement:
			if needsAgreement(in) && !in.Knows(agreementNeeds(in)) {
				return nil, agreementNeeds(in)
			}
			lacks = append(lacks, missingAgreement(in)...)
		case triage.RequireAssignee:
			if len(in.Issue.Assignees) == 0 {
				lacks = append(lacks, missingFact{
					reason: "nobody is assigned", item: assigneeItem("", nil), short: "an assignee (" + triage.Code("/assign me") + ")",
				})
			}
		case triage.RequireMilestone:
			if in.Issue.Milestone == 0 {
				item := milestoneItem(in)
				lacks = append(lacks, missingFact{reason: "it has no milestone", item: item, short: "a milestone (" + item.Do + ")"})
			}
		default:
			lacks = append(lacks, missingLabel(in, required.Label())...)
		}
	}
	return lacks, 0
}

// missingLabel is a label of the team's own that a state needs and the issue does not have.
func missingLabel(in triage.Input, label string) []missingFact {
	if label == "" || in.HasLabel(label) {
		return nil
	}
	do := triage.HowTo(triage.AddLabel{Label: label})
	return []missingFact{{
		reason: "it does not carry " + triage.Quoted(label), short: "the label " + triage.Quoted(label) + " (" + do + ")",
		item: triage.Item{Slot: "label:" + label, Title: "The label " + triage.Quoted(label), Do: do},
	}}
}

// missingWeight says that the issue lacks the estimate that has to come before the review: one with which it can be scheduled.
func missingWeight(in triage.Input) []missingFact {
	weight, scale := in.BaseWeight(), in.Team.Scale // the extra level for security takes nothing out of a plan
	switch {
	case scale.Off():
		return nil
	case weight == nil:
		whose := ""
		if in.TwoSided() {
			whose = "for the " + in.Team.Side + " side "
		}
		return []missingFact{{
			reason: "its weight is empty", item: weightItem(in),
			short: "a weight " + whose + "(" + weightCommand(in.Team, scale.Example()) + ")",
		}}
	case *weight >= scale.SplitFrom:
		most := "a weight of " + strconv.Itoa(scale.Schedulable()) + " or less"
		return []missingFact{{
			reason: "a weight of " + strconv.Itoa(*weight) + " is not scheduled",
			short:  most + " (split it up, or " + in.Team.CommandCode("spike <what>") + ")",
			item:   triage.Item{Slot: "weight", Title: capitalized(most), Text: "More is not scheduled: split it, or run a spike."},
		}}
	}
	return nil
}

// lackingType is the type of an issue that has none.
func lackingType(in triage.Input) []missingFact {
	if in.ScopedValue(triage.TypeScope) != "" {
		return nil
	}
	return []missingFact{{reason: "it has no type", short: "a type (" + typeCommand(in) + ")", item: typeItem(in)}}
}

// missingAgreement says that the issue lacks the agreement of the review, where it waits for one.
func missingAgreement(in triage.Input) []missingFact {
	tally := in.Tally()
	if !needsAgreement(in) || tally.Complete() {
		return nil
	}
	return []missingFact{{
		reason: "its review is not agreed", item: agreementItem(in, tally),
		short: "a sign-off (" + agreementProgress(tally) + "; " + in.Team.CommandCode("agree") + ")",
	}}
}
