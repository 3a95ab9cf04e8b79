package worker

import (
	"maps"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// recoverStatus remembers that the bot set the status that the issue has, if an earlier attempt was about to do so and nobody is known to have set one
// since. It is in the place of those that the bot set before.
func (j *job) recoverStatus(m *triage.Memory) {
	label, team := j.settingStatus, j.rules.policy.Team
	byPerson := slices.ContainsFunc(j.in.Events, func(e triage.Event) bool { return slices.Contains(e.Changes.Added, label) })
	if label == "" || byPerson || !j.snap.issue.Has(label) {
		return
	}
	own := triage.BotChange{}
	if m.Issue != nil {
		own.Replaced = team.AddLabel(label).Replaces(*m.Issue)
	}
	m.BotChanges = maps.Clone(m.BotChanges)
	maps.DeleteFunc(m.BotChanges, func(key string, _ triage.BotChange) bool {
		_, is := triage.StatusOf(strings.TrimPrefix(key, "label:"))
		return is
	})
	if m.BotChanges == nil {
		m.BotChanges = map[string]triage.BotChange{}
	}
	m.BotChanges[triage.AddLabel{Label: label}.Key()] = own
}

// statusAdded is the label of the status that an edit sets, "" for none.
func statusAdded(e triage.Edit) string {
	for _, l := range e.Add {
		if _, is := triage.StatusOf(l); is {
			return l
		}
	}
	return ""
}
