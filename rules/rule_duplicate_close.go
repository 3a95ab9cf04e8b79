package rules

import (
	"slices"

	"flowkeeper/rules/triage"
)

// duplicateClose follows "Triage Process": a duplicate is closed with its label.
var duplicateClose = triage.Rule{
	Meta: triage.Meta{
		ID:      "duplicate-close",
		Summary: "Closes an issue when a person marks it as a duplicate.",
		Section: "Triage Process",
		On:      triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch marked := markedDuplicate(in); {
		case !in.Has(triage.Duplicate):
			return triage.Nothing("the issue is not marked as a duplicate")
		case !marked && in.Kinds&triage.Reopened != 0:
			return triage.Nothing("the issue is marked as a duplicate and was reopened, so it stays open")
		case !marked:
			return triage.Nothing("the issue is marked as a duplicate, but not just now")
		}
		v := triage.Want("the issue was marked as a duplicate", triage.Close{})
		v.Suggestion = &triage.Item{Slot: "close", Title: "Closing it", Text: "It is marked as a duplicate.", Do: triage.HowTo(triage.Close{})}
		return v
	},
}

// markedDuplicate reports whether the events put the label on, or the note already asks what to do about it. Whoever reopens the issue
// afterwards has the last word.
func markedDuplicate(in triage.Input) bool {
	marked := isOnNote(in, "duplicate-close/close")
	for _, e := range in.Events {
		switch {
		case e.Kind&triage.Reopened != 0:
			marked = false
		case slices.ContainsFunc(e.Changes.Added, func(l string) bool { return labelHasRole(in.Team, l, triage.Duplicate) }):
			marked = true
		}
	}
	return marked
}

// labelHasRole reports whether a label has the role, in whatever spelling.
func labelHasRole(team *triage.Team, label string, role triage.LabelRole) bool {
	return slices.Contains(team.LabelNames(role), team.Canonical(label))
}
