package rules

import (
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// commandSpikeDone carries out "If the issue needs a spike": it opens a follow-up with the spike's labels for what the spike found out, and the
// spike is closed.
var commandSpikeDone = triage.Command{
	Name: "spike done", Args: "[weight=<n>] [title]", Summary: "Opens the spike's follow-up, links it and closes the spike.",
	Example: "spike done weight=2", ArgsIn: spikeDoneArgs,
	ExampleIn: spikeDoneExample, Section: "If the issue needs a spike", Who: triage.Member, Closed: true, Opens: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		switch {
		case !in.Has(triage.Spike):
			return triage.Refuse(triage.Say("this issue is no spike, it does not carry " + triage.Code(in.Team.Label(triage.Spike)) + "; " +
				in.Team.CommandCode("spike <what>") + " makes it one"))
		case !in.Issue.Closed:
		case !in.Knows(triage.NeedLinks):
			return triage.Outcome{Reason: "whether the closed spike has a follow-up has to be looked up", Needs: triage.NeedLinks}
		case hasFollowUp(in):
			return triage.Refuse(triage.Say("the spike is closed and has a follow-up; link another one with " + triage.Code("/relate #123")))
		}
		draft, wrong := draftFollowUp(in, call.Args)
		if wrong != nil {
			return *wrong
		}
		out := triage.Did("opens the follow-up of the closed spike")
		if !in.Issue.Closed {
			out = triage.Did("opens the follow-up and closes the spike", triage.Close{})
		}
		draft.Confidential = draft.Confidential || call.Internal // its title was written for members only
		out.Opens = &draft
		return out
	},
}

// spikeDoneArgs are the arguments in a team.
func spikeDoneArgs(t *triage.Team) string {
	if t.Scale.Off() {
		return "[title]"
	}
	return "[weight=<n>] [title]"
}

// spikeDoneExample is the example in a team.
func spikeDoneExample(t *triage.Team) string {
	if t.Scale.Off() {
		return "spike done"
	}
	return "spike done weight=" + strconv.Itoa(t.Scale.Low())
}

// hasFollowUp reports whether the spike is linked to a younger issue, or to one that is about to be opened. An open spike may get another follow-up
// if somebody asks for one; a closed spike may not.
func hasFollowUp(in triage.Input) bool {
	return slices.ContainsFunc(in.Memory.Context.Links, func(l triage.Link) bool {
		return l.Kind == triage.RelatesTo && (l.Ref == triage.Ref{} || l.Created.After(in.Issue.CreatedAt))
	})
}

// draftFollowUp is the spike's follow-up as the arguments want it, or what is wrong with them.
func draftFollowUp(in triage.Input, args string) (draft triage.Draft, wrong *triage.Outcome) {
	given, wrong := readFollowUp(in.Team, "spike done", args)
	if wrong != nil {
		return triage.Draft{}, wrong
	}
	if given.title == "" {
		given.title = followUpTitle(in.Issue)
	}
	return followUpDraft(in, given.title, given.weight), nil
}

// maxTitle is how many characters GitLab takes as an issue's title.
const maxTitle = 255

// followUpTitle is the default title of a follow-up.
func followUpTitle(spike triage.Issue) string {
	title := strings.TrimSpace(spike.Title)
	for _, mark := range []string{"[spike]", "spike:"} {
		if len(title) >= len(mark) && strings.EqualFold(title[:len(mark)], mark) {
			title = strings.TrimSpace(title[len(mark):])
		}
	}
	if title == "" {
		return "Follow-up of #" + strconv.FormatInt(spike.IID, 10)
	}
	return truncate("Follow-up: "+title, maxTitle)
}

// followUpDraft is the follow-up of a spike: with its labels, in planning breakdown. The weight goes where such an issue's weight lives.
func followUpDraft(in triage.Input, title string, weight *int) triage.Draft {
	draft := triage.Draft{Title: title, Confidential: in.Issue.Confidential}
	for _, l := range in.Labels() {
		if isInherited(in.Team, l) && !slices.Contains(draft.Labels, l) {
			draft.Labels = append(draft.Labels, l)
		}
	}
	draft.Labels = append(draft.Labels, stateAction(in, triage.Breakdown, triage.Intake).Label)
	if weight == nil {
		return draft
	}
	issue := in.Issue
	issue.Labels, issue.Weight = draft.Labels, nil
	in = in.With(issue)
	if set := in.WeightAction(*weight); set.Side != "" {
		draft.Labels = append(draft.Labels, triage.LabelOf(set))
	} else {
		draft.Weight = weight
	}
	return draft
}

// isInherited reports whether a follow-up gets a label of its spike. It does not get the labels that concern only the spike, nor its timebox.
func isInherited(team *triage.Team, label string) bool {
	for _, role := range []triage.LabelRole{
		triage.Spike, triage.Deliverable, triage.Research, triage.Duplicate, triage.SLOMissed, triage.SLONear, triage.MissedDeliverable,
	} {
		if labelHasRole(team, label, role) {
			return false
		}
	}
	if _, ok := team.StateOf(label); ok {
		return false
	}
	switch triage.Scope(label) {
	case team.WeightScope(team.Side), team.WeightScope(otherSide(team.Side)):
		return false
	}
	return !strings.HasPrefix(strings.ToLower(label), "missed:")
}
