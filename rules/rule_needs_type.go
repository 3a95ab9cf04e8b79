package rules

import "flowkeeper/rules/triage"

// needsType follows the engineering workflow that "Workflow" refers to: every issue is a bug, a feature or maintenance.
var needsType = triage.Rule{
	Meta: triage.Meta{
		ID:      "needs-type",
		Summary: "Reminds of the type label; in mode act, adds it where a subtype names it.",
		Section: "Workflow",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if in.ScopedValue(triage.TypeScope) != "" {
			return triage.Nothing("the issue has a type")
		}
		item := typeItem(in)
		item.Triage = true
		kind := subtyped(in)
		if kind == "" {
			return triage.Ask("the issue has no type label", item)
		}
		v := triage.Want("the subtype names the type", typeLabel(in, kind))
		v.Suggestion = &item
		return v
	},
}

// subtyped is the type that the issue has by a subtype such as bug::vulnerability, "" if it has none.
func subtyped(in triage.Input) string {
	for _, kind := range triage.IssueTypes() {
		if in.Winner(kind) != "" {
			return kind
		}
	}
	return ""
}

// typeLabel wants the label of a type.
func typeLabel(in triage.Input, kind string) triage.AddLabel {
	return triage.AddLabel{Label: triage.Scoped(in.Team.Label(triage.TypeScope), kind)}
}

// typeItem asks for a type label, in the same words for every rule that needs one.
func typeItem(in triage.Input) triage.Item {
	return triage.Item{Slot: "type", Title: "A type label", Do: typeCommand(in)}
}

// typeCommand is how people give the issue a type, as Markdown. A subtype may name it.
func typeCommand(in triage.Input) string {
	if kind := subtyped(in); kind != "" {
		return triage.HowTo(typeLabel(in, kind))
	}
	return triage.ToLabel(typeLabel(in, "bug").Label) + ", feature or maintenance"
}
