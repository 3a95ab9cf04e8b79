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
		if in.Scoped(triage.TypeScope) != "" {
			return triage.Nothing("the issue has a type")
		}
		for _, kind := range issueTypes {
			if in.Winner(kind) != "" {
				return triage.Want("the subtype names the type", triage.AddLabel{Label: typeLabel(in, kind)})
			}
		}
		return triage.Ask("the issue has no type label", typeItem(in))
	},
}

// issueTypes are the types of the handbook. A label scoped by one, such as bug::vulnerability, is a subtype of it.
var issueTypes = []string{"bug", "feature", "maintenance"}

func typeLabel(in triage.Input, kind string) string {
	return triage.Scoped(in.Team.Label(triage.TypeScope), kind)
}

// typeItem asks for a type label, in the same words for every rule that needs one. Where a subtype names the type they are those with
// which needs-type offers it.
func typeItem(in triage.Input) triage.Item {
	command, certain := typeCommand(in)
	title := "A type label"
	if certain {
		title = "A label"
	}
	return triage.Item{Slot: "type", Title: title, Text: "Use " + command + ".", Triage: true}
}

// typeCommand is how people give the issue a type, as Markdown; certain if a subtype names it.
func typeCommand(in triage.Input) (command string, certain bool) {
	for _, kind := range issueTypes {
		if in.Winner(kind) != "" {
			return triage.Code(triage.AddLabel{Label: typeLabel(in, kind)}.Command()), true
		}
	}
	return triage.ToLabel(typeLabel(in, "bug")) + ", feature or maintenance", false
}
