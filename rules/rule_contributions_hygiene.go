package rules

import (
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// contributionsHygiene follows "Triage Process": the label invites everybody to an issue that nobody of the team works on yet.
var contributionsHygiene = triage.Rule{
	Meta: triage.Meta{
		ID:      "contributions-hygiene",
		Summary: "Takes the invitation to contributors off an issue that is assigned, blocked or in work.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged | triage.AssigneesChanged | triage.Woken,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.Contributions) {
			return triage.Nothing("the issue does not invite contributors")
		}
		if isAboutToBeAssigned(in) {
			v := triage.Nothing("the issue is about to be assigned, which GitLab may refuse")
			v.Wake = in.Now.Add(time.Second)
			return v
		}
		why := whyNotFree(in)
		if why == "" {
			return triage.Nothing("the issue invites contributors, and nobody works on it")
		}
		v := triage.Verdict{Reason: why + " and does not invite contributors any more"}
		for _, l := range in.Issue.Labels {
			if !labelHasRole(in.Team, l, triage.Contributions) {
				continue
			}
			off := triage.RemoveLabel{Label: l}
			if own, ours := in.Memory.BotChanges[off.Key()]; ours && !own.Removed {
				// The bot itself wrote it there, when it repaired the spelling: people say whether it goes.
				v.Items = append(v.Items, triage.Item{Slot: "label", Title: "A label too many", Do: triage.HowTo(off)})
				continue
			}
			v.Actions = append(v.Actions, off)
		}
		return v
	},
}

// isAboutToBeAssigned reports whether a command has just asked for the issue's assignees and GitLab does not show any yet: those have no id.
func isAboutToBeAssigned(in triage.Input) bool {
	shown := func(p triage.Person) bool { return p.ID != 0 }
	return in.Kinds&triage.Woken == 0 && len(in.Issue.Assignees) > 0 && !slices.ContainsFunc(in.Issue.Assignees, shown)
}

// whyNotFree says why contributors should not begin with the issue, "" if they may.
func whyNotFree(in triage.Input) string {
	switch {
	case len(in.Issue.Assignees) > 0:
		return "the issue has an assignee"
	case in.Is(triage.Blocked):
		return "the issue is " + in.Where()
	case in.Is(inWork...):
		return "the issue is in " + strings.TrimPrefix(in.State(), "in ")
	}
	return ""
}

// inWork are the states in which the team works on an issue.
var inWork = []triage.Meaning{
	triage.Design, triage.Breakdown, triage.Refinement, triage.Development, triage.CodeReview, triage.Verification,
}
