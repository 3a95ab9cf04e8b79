package rules

import (
	"strings"

	"flowkeeper/rules/triage"
)

// contributionsHygiene follows "Triage Process": the label invites everybody to an issue that nobody of the team works on yet.
var contributionsHygiene = triage.Rule{
	Meta: triage.Meta{
		ID:      "contributions-hygiene",
		Summary: "Takes the invitation to contributors off an issue that is assigned, blocked or in work.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged | triage.AssigneesChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.Contributions) {
			return triage.Nothing("the issue does not invite contributors")
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
