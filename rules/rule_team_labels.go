package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// teamLabels follows "Workflow": an issue for the team carries its four labels.
var teamLabels = triage.Rule{
	Meta: triage.Meta{
		ID:      "team-labels",
		Summary: "Completes the team's labels on an issue of the team.",
		Section: "Workflow",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		var missing []triage.Action
		for _, label := range in.Team.Labels {
			if !in.HasLabel(label) && !hasOtherOfScope(in, label) {
				missing = append(missing, triage.AddLabel{Label: label})
			}
		}
		if len(missing) == 0 {
			return triage.Nothing("the issue carries the team's labels, or others in their place")
		}
		return triage.Want("an issue of the team carries its labels", missing...)
	},
}

// hasOtherOfScope reports whether the issue already says something else where the team's label would stand.
func hasOtherOfScope(in triage.Input, label string) bool {
	if scope := in.Team.ScopeOf(label); scope != "" {
		return in.Winner(scope) != ""
	}
	if category := "Category:"; strings.HasPrefix(label, category) {
		return slices.ContainsFunc(in.Issue.Labels, func(l string) bool { return strings.HasPrefix(l, category) })
	}
	return slices.Contains(in.Team.LabelNames(triage.Backend), label) && in.Has(triage.Frontend)
}
