package rules

import "flowkeeper/rules/triage"

// labelSpelling repairs a spelling that "Workflow labels" itself gets wrong twice: a blank behind the "::".
var labelSpelling = triage.Rule{
	Meta: triage.Meta{
		ID:      "label-spelling",
		Summary: "Replaces a label that differs from a known one only in case or in blanks around \"::\".",
		Section: "Workflow labels",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		var repairs []triage.Action
		for n, l := range in.Issue.Labels {
			known := in.Labels()[n]
			if known == l || !isScopeWinner(in, known) {
				continue
			}
			repairs = append(repairs, triage.RemoveLabel{Label: l, Sibling: true}, triage.AddLabel{Label: known})
		}
		if len(repairs) == 0 {
			return triage.Nothing("every label is spelled as the team spells it")
		}
		return triage.Want("the label is a known one in another spelling", repairs...)
	},
}

// isScopeWinner reports whether a label stays when its scope holds others: one that has to give way is not worth repairing.
func isScopeWinner(in triage.Input, label string) bool {
	scope := in.Team.ScopeOf(label)
	return scope == "" || in.Winner(scope) == label
}
