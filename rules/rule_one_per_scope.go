package rules

import (
	"slices"

	"flowkeeper/rules/triage"
)

// onePerScope keeps what GitLab promises of scoped labels where it does not: without a licence, and after two changes at once.
var onePerScope = triage.Rule{
	Meta: triage.Meta{
		ID:      "one-per-scope",
		Summary: "Keeps one label of a scope: the one added last, else the one further along in the workflow.",
		Section: "Workflow labels",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		var tooMany []triage.Action
		for _, scope := range sharedScopes(in) {
			winner := in.Winner(scope)
			for _, l := range in.Issue.Labels {
				known := in.Team.Canonical(l)
				if triage.Scope(known) == scope && known != winner {
					tooMany = append(tooMany, triage.RemoveLabel{Label: l, Sibling: true})
				}
			}
		}
		if len(tooMany) == 0 {
			return triage.Nothing("no two labels share a scope")
		}
		return triage.Want("of two labels of one scope the one added last counts, else the one further along", tooMany...)
	},
}

// sharedScopes lists the scopes with more than one label, each once.
func sharedScopes(in triage.Input) []string {
	var shared []string
	labels := in.Labels()
	for n, l := range labels {
		scope := triage.Scope(l)
		if scope == "" || slices.Contains(shared, scope) {
			continue
		}
		if slices.ContainsFunc(labels[:n], func(earlier string) bool { return earlier != l && triage.Scope(earlier) == scope }) {
			shared = append(shared, scope)
		}
	}
	return shared
}
