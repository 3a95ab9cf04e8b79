package letter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// people gives everybody a pseudonym: person-1, person-2 and so on. A person may be known by an id in one place and by a username in another.
type people struct {
	names map[int64]string  // usernames by id, as far as the letter holds them
	given map[string]string // the pseudonym, by username, or by "id <n>" where the letter has no username
}

// associate records which ids and usernames belong together.
func (p *people) associate(all ...triage.Person) {
	for _, who := range all {
		if who.ID != 0 && who.Username != "" {
			p.names[who.ID] = who.Username
		}
	}
}

// pseudonym is the pseudonym of a person.
func (p *people) pseudonym(who triage.Person) string {
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
	if p.given[name] == "" {
		p.given[name] = fmt.Sprintf("person-%d", len(p.given)+1)
	}
	return p.given[name]
}

// knows reports whether a word is somebody's username, in whatever case.
func (p *people) knows(word string) bool {
	for name := range p.given {
		if strings.EqualFold(name, word) {
			return true
		}
	}
	return false
}

// newPeople gives pseudonyms to everybody in the letter and in the roster, in that order.
func newPeople(events []mailEvent, roster map[triage.Role][]string) *people {
	p := &people{names: map[int64]string{}, given: map[string]string{}}
	for _, e := range events {
		p.associate(e.Actor, e.issue.Author)
		p.associate(e.issue.Assignees...)
	}
	for _, e := range events {
		for _, who := range append([]triage.Person{e.issue.Author, e.Actor}, e.issue.Assignees...) {
			p.pseudonym(who)
		}
	}
	for _, role := range slices.Sorted(maps.Keys(roster)) {
		for _, name := range roster[role] {
			p.pseudonym(triage.Person{Username: name})
		}
	}
	return p
}
