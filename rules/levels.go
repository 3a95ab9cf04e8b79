package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// levelScopes are the levels of an issue, in the order in which they are named.
var levelScopes = []triage.LabelRole{triage.SeverityScope, triage.PriorityScope}

// levelNoun is what a level is called in a sentence.
func levelNoun(scope triage.LabelRole) string {
	if scope == triage.PriorityScope {
		return "priority"
	}
	return "severity"
}

// levelPair names a level of the severities and the same of the priorities, of those that the team has: "severity 4 and priority 4".
func levelPair(t *triage.Team, level func(*triage.Levels) string) string {
	var both []string
	for _, scope := range levelScopes {
		if value := level(t.Levels(scope)); value != "" {
			both = append(both, levelNoun(scope)+" "+value)
		}
	}
	return joinWords(both)
}

// hasLevels reports whether an issue has the level of all that the team has.
func hasLevels(in triage.Input, level func(*triage.Levels) string) bool {
	return !slices.ContainsFunc(levelScopes, func(scope triage.LabelRole) bool {
		return in.ScopedValue(scope) != level(in.Team.Levels(scope))
	})
}

// setLevels gives an issue a severity and a priority of the same level, as far as the team has them.
func setLevels(in triage.Input, level func(*triage.Levels) string) triage.Outcome {
	var actions []triage.Action
	for _, scope := range levelScopes {
		if value := level(in.Team.Levels(scope)); in.ScopedValue(scope) != value {
			actions = append(actions, levelLabel(in, scope, value))
		}
	}
	pair := levelPair(in.Team, level)
	if len(actions) == 0 {
		return triage.Did("the issue is " + pair + " already")
	}
	return triage.Did("makes it "+pair, actions...)
}

// levelLabel wants the label of a severity or a priority.
func levelLabel(in triage.Input, scope triage.LabelRole, level string) triage.AddLabel {
	return in.Team.AddLabel(in.Team.Levels(scope).Label(level))
}

// levelItem asks for a severity or a priority, in the same words for every rule that needs one. What the handbook says of the issue's
// kind comes before the usual example.
func levelItem(in triage.Input, scope triage.LabelRole) triage.Item {
	levels, severities, slot := in.Team.Levels(scope), in.Team.Severity, levelNoun(scope)
	level, why := levels.Minor(), ""
	more := otherLevels(levels, level)
	severity := in.ScopedValue(triage.SeverityScope)
	worst := severity != "" && severity == severities.Worst()
	switch security := in.IsSecurity() && severity == "" && !severities.Off(); {
	case security && scope == triage.SeverityScope:
		why, level, more = "Security is severity "+levels.Worst()+".", levels.Worst(), ""
	case scope == triage.PriorityScope && (security || worst):
		level, more = levels.Worst(), otherUrgent(levels)
	}
	do := triage.ToLabel(levelLabel(in, scope, level).Label) + more
	return triage.Item{Slot: slot, Title: "A " + slot + " label", Text: why, Do: do, Triage: !worst}
}

// otherLevels says behind an example which other levels there are: ", or another from 1 to 4".
func otherLevels(levels *triage.Levels, example string) string {
	others := slices.DeleteFunc(slices.Clone(levels.Values), func(v string) bool { return v == example })
	switch first, last := levels.Values[0], levels.Least(); {
	case len(others) == 0:
		return ""
	case len(others) < 3:
		return ", or " + strings.Join(others, " or ")
	case levels.Scope == "" || len(first) > 1:
		return ", or " + strings.Join(others[:len(others)-1], ", ") + " or " + others[len(others)-1]
	default:
		return ", or another from " + first + " to " + last
	}
}

// otherUrgent says behind the most urgent level which others are urgent: ", or 2".
func otherUrgent(levels *triage.Levels) string {
	if len(levels.Urgent) < 2 {
		return ""
	}
	return ", or " + strings.Join(levels.Urgent[1:], " or ")
}

// urgentLevels names the levels that cannot wait: "priority 1 or 2".
func urgentLevels(t *triage.Team, scope triage.LabelRole) string {
	return levelNoun(scope) + " " + strings.Join(t.Levels(scope).Urgent, " or ")
}
