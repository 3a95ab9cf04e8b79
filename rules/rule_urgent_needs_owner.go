package rules

import "flowkeeper/rules/triage"

// urgentNeedsOwner follows "Triage Process": what is severity 1 gets priority 1 or 2 and is assigned to a team member.
var urgentNeedsOwner = triage.Rule{
	Meta: triage.Meta{
		ID:      "urgent-needs-owner",
		Summary: "Asks for the priority and the assignee of an issue of severity 1; in mode act, adds priority 1 where there is none.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged | triage.AssigneesChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Uses:    triage.UsesSeverities,
		Words: func(t *triage.Team) string {
			if t.Priority.Off() {
				return "Asks for the assignee of an issue of " + urgentLevels(t, triage.SeverityScope) + "."
			}
			return "Asks for the priority and the assignee of an issue of " + urgentLevels(t, triage.SeverityScope) + "; in mode act, adds priority " +
				t.Priority.Worst() + " where there is none."
		},
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		severity, priority := in.ScopedValue(triage.SeverityScope), in.ScopedValue(triage.PriorityScope)
		if !in.Team.Severity.IsUrgent(severity) {
			return triage.Nothing("the issue is not " + urgentLevels(in.Team, triage.SeverityScope))
		}
		var v triage.Verdict
		var has, lacks []string
		manager := []triage.Role{triage.EngineeringManager}
		switch priorities := in.Team.Priority; {
		case priorities.Off():
		case priorities.IsUrgent(priority):
			has = append(has, "is "+urgentLevels(in.Team, triage.PriorityScope))
		case priority == "":
			lacks = append(lacks, "a priority")
			offer := levelItem(in, triage.PriorityScope)
			offer.Asks, offer.Triage = manager, false
			v.Actions, v.Suggestion = []triage.Action{levelLabel(in, triage.PriorityScope, priorities.Worst())}, &offer
		default:
			wanted := urgentLevels(in.Team, triage.PriorityScope)
			lacks = append(lacks, wanted)
			v.Items = append(v.Items, triage.Item{
				Slot: "priority", Title: capitalized(wanted), Text: "Severity " + severity + " does not wait.",
				Do: triage.HowTo(levelLabel(in, triage.PriorityScope, priorities.Worst())), Asks: manager,
			})
		}
		if len(in.Issue.Assignees) == 0 {
			lacks = append(lacks, "an assignee")
			v.Items = append(v.Items, assigneeItem("", manager))
		}
		if len(lacks) == 0 {
			return triage.Nothing("the issue of severity " + severity + " " + joinWords(append(has, "has an assignee")))
		}
		v.Reason = "the issue of severity " + severity + " lacks " + joinWords(lacks)
		return v
	},
}
