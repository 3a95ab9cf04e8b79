package engine

import (
	"time"

	"flowkeeper/rules/triage"
)

// OutOfScope says why the team's rules leave an issue alone, "" if they do not.
func OutOfScope(t *triage.Team, i triage.Issue) string {
	return outOfScope(triage.NewInput(t, nil, i, nil, time.Time{}))
}

// outOfScope says why the team's rules leave an issue alone, or "".
func outOfScope(in triage.Input) string {
	i := &in.Issue
	group := in.Team.GroupLabel
	switch {
	case i.Moved:
		return "the issue was moved away"
	case in.Has(triage.Skip):
		return "the issue is a report or a planning issue, not work"
	case notWork[i.Type]:
		return "the rules are for issues, incidents and tasks, not for items of this type"
	case in.Team.LabelledOnly && !in.HasLabel(group):
		return "the issue does not carry the team's group label"
	case !in.Team.LabelledOnly && otherGroup(in, group):
		return "the issue carries another team's group label"
	}
	return ""
}

// notWork are the built-in work item types that the rules leave alone; custom types are work.
var notWork = map[string]bool{"Epic": true, "Requirement": true, "Test Case": true, "Objective": true, "Key Result": true}

// otherGroup reports whether a group label of another team counts on the issue.
func otherGroup(in triage.Input, group string) bool {
	scope := triage.Scope(group)
	if scope == "" {
		return false
	}
	winner := in.Winner(scope)
	return winner != "" && winner != group && !in.HasLabel(group)
}
