package rules

import "flowkeeper/rules/triage"

// onePerScope keeps what "Workflow labels" rests on, one label of each scope, where GitLab does not: without a licence, and after two changes at once.
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
		reason := "of two labels of one scope the one added last counts, else the one further along"
		for _, scope := range in.SharedScopes() {
			winner := in.Winner(scope)
			for n, l := range in.Issue.Labels {
				known := in.Labels()[n]
				if in.Team.ScopeOf(known) == scope && known != winner {
					tooMany = append(tooMany, triage.RemoveLabel{Label: l, Sibling: true})
					if _, state := in.Team.StateOf(known); state && triage.Scope(known) == "" {
						reason = "an issue is in one state: the one added last counts, else the one further along"
					}
				}
			}
		}
		if len(tooMany) == 0 {
			return triage.Nothing("no two labels share a scope")
		}
		return triage.Want(reason, tooMany...)
	},
}
