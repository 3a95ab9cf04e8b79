// Package redact writes what a scenario shows of real issues without the names and words of people: whoever and whatever has a name gets another
// one, the same everywhere in the file.
package redact

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// People gives every person the same pseudonym everywhere in a file.
type People struct {
	names map[int64]string  // usernames by id, as far as they are known
	given map[string]string // the pseudonym, by username, or by "id <n>" where there is no username
}

// NewPeople gives everybody a pseudonym who acts or is acted on, in that order, then everybody on the roster.
func NewPeople(all []triage.Person, roster map[triage.Role][]string) *People {
	p := &People{names: map[int64]string{}, given: map[string]string{}}
	for _, who := range all { // before anybody is named: somebody may be known by id only at first
		if who.ID != 0 && who.Username != "" {
			p.names[who.ID] = who.Username
		}
	}
	for _, who := range all {
		p.Pseudonym(who)
	}
	for _, role := range slices.Sorted(maps.Keys(roster)) {
		for _, name := range roster[role] {
			p.Pseudonym(triage.Person{Username: name})
		}
	}
	return p
}

// Pseudonym is the name in the file: person-1, person-2, and "somebody" for a person who is not known at all.
func (p *People) Pseudonym(who triage.Person) string {
	if who == (triage.Person{}) {
		return "somebody"
	}
	name := who.Username
	if name == "" {
		name = p.names[who.ID]
	}
	if name == "" {
		name = fmt.Sprintf("id %d", who.ID)
	}
	key := triage.UsernameKey(name)
	if p.given[key] == "" {
		p.given[key] = fmt.Sprintf("person-%d", len(p.given)+1)
	}
	return p.given[key]
}

// Knows reports whether a word is somebody's username.
func (p *People) Knows(word string) bool {
	return p.given[strings.ToLower(word)] != ""
}
