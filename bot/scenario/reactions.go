package scenario

import (
	"maps"
	"slices"

	"flowkeeper/rules/triage"
)

// given are the reactions that the part "around" has, sorted by emoji.
func (a Around) given() []triage.GivenReaction {
	given := []triage.GivenReaction{}
	for _, emoji := range slices.Sorted(maps.Keys(a.Reactions)) {
		for _, name := range a.Reactions[emoji] {
			given = append(given, triage.GivenReaction{By: triage.Person{Username: name}, Emoji: emoji})
		}
	}
	return given
}
