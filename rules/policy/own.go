package policy

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// withoutOwn is the issue as it would be had the policy not acted: without what the bot did in its name, and last changed when somebody else last
// did something. A change whose rule is not remembered counts if the policy wants the same.
func withoutOwn(in triage.Input, rule string, a Actions) triage.Input {
	issue := in.Issue
	issue.UpdatedAt = activeAt(&in)
	if len(in.Memory.BotChanges) == 0 {
		return in.With(issue)
	}
	for _, action := range (Rule{Actions: a}).actions(&in) {
		own, ours := in.Memory.BotChanges[action.Key()]
		if ours && (own.Rule == rule || own.Rule == "") {
			issue = before(issue, action, own)
		}
	}
	if len(a.RemoveLabels) > 0 {
		for _, l := range a.RemoveLabels {
			if own, ours := in.Memory.BotChanges[triage.RemoveLabel{Label: l}.Key()]; ours && own.Removed && own.Rule == rule && !issue.Has(l) {
				issue.Labels = append(slices.Clip(issue.Labels), l)
			}
		}
	}
	return in.With(issue)
}

// before is the issue before one of the policy's actions.
func before(issue triage.Issue, a triage.Action, own triage.BotChange) triage.Issue {
	switch a := a.(type) {
	case triage.AddLabel:
		issue.Labels = slices.DeleteFunc(slices.Clone(issue.Labels), func(l string) bool { return l == a.Label })
		if own.Replaced != "" && !issue.Has(own.Replaced) {
			issue.Labels = append(issue.Labels, own.Replaced)
		}
	case triage.Close:
		issue = issue.WithClosed(false)
	case triage.Reopen:
		issue = issue.WithClosed(true)
	case triage.SetMilestone, triage.MoveMilestone:
		issue.Milestone = own.MovedFrom
	case triage.Assign:
		assigned := strings.Fields(own.Assigned)
		issue.Assignees = slices.DeleteFunc(slices.Clone(issue.Assignees), func(p triage.Person) bool { return triage.HasUsername(assigned, p.Username) })
	case triage.SetWeight:
		issue.Weight = nil
	case triage.SetDueDate:
		issue.DueDate = ""
	}
	return issue
}
