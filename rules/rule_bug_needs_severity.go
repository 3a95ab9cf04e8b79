package rules

import "flowkeeper/rules/triage"

// bugNeedsSeverity follows "Triage Process": a bug is triaged by severity and priority.
var bugNeedsSeverity = triage.Rule{
	Meta: triage.Meta{
		ID:      "bug-needs-severity",
		Summary: "Reminds of the severity and the priority of a bug.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Uses:    triage.UsesLevels,
		Words: func(t *triage.Team) string {
			var both []string
			for _, scope := range levelScopes {
				if !t.Levels(scope).Off() {
					both = append(both, "the "+levelNoun(scope))
				}
			}
			return "Reminds of " + joinWords(both) + " of a bug."
		},
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if in.ScopedValue(triage.TypeScope) != "bug" {
			return triage.Nothing("the issue is not a bug")
		}
		var has, lacks []string
		var missing []triage.Item
		for _, scope := range levelScopes {
			switch {
			case in.Team.Levels(scope).Off():
			case in.ScopedValue(scope) != "":
				has = append(has, "a "+levelNoun(scope))
			default:
				lacks, missing = append(lacks, levelNoun(scope)), append(missing, levelItem(in, scope))
			}
		}
		switch len(lacks) {
		case 0:
			return triage.Nothing("the bug has " + joinWords(has))
		case 1:
			return triage.Ask("the bug has no "+lacks[0], missing...)
		}
		return triage.Ask("the bug has neither a severity nor a priority", missing...)
	},
}
