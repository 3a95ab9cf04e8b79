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
		for _, kind := range issueTypes {
			if in.Winner(kind) != "" {
				v, offer := triage.Want("the subtype names the type", triage.AddLabel{Label: typeLabel(in, kind)}), typeItem(in)
				offer.Triage = true
				v.Suggestion = &offer
				return v
			}
		}
		item := typeItem(in)
		item.Triage = true
		return triage.Ask("the issue has no type label", item)
	},
}

// issueTypes are the types of the handbook. A label scoped by one, such as bug::vulnerability, is a subtype of it.
var issueTypes = []string{"bug", "feature", "maintenance"}

func typeLabel(in triage.Input, kind string) string {
	return triage.Scoped(in.Team.Label(triage.TypeScope), kind)
}

// typeItem asks for a type label, in the same words for every rule that needs one.
func typeItem(in triage.Input) triage.Item {
	return triage.Item{Slot: "type", Title: "A type label", Do: typeCommand(in)}
}

// typeCommand is how people give the issue a type, as Markdown. A subtype may name it.
func typeCommand(in triage.Input) string {
	for _, kind := range issueTypes {
		if in.Winner(kind) != "" {
			return triage.HowTo(triage.AddLabel{Label: typeLabel(in, kind)})
		}
	}
	return triage.ToLabel(typeLabel(in, "bug")) + ", feature or maintenance"
}
