package note

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// The first line mentions at most so many people, and names those who are not mentioned in at most so many words. The other people are
// mentioned in the details.
const (
	maxNames     = 6
	maxFromWords = 30
)

// addressees are the people and roles that a note speaks to, each once.
type addressees struct {
	named  []string // usernames to be mentioned in the first line
	others []string // usernames to be mentioned in the details
	from   []string // Markdown, in words: roles asked before or filled by nobody, and names that cannot be mentioned
}

// addresseesOf finds the people whom the open items concern, in the items' order. A role that is mentioned for one item is not named again for
// another.
func addresseesOf(s engine.Note, team *triage.Team) addressees {
	var ask, told []triage.Role
	for _, item := range s.Items {
		switch {
		case item.Met:
		case item.Mention:
			ask = append(ask, item.Asks...)
		default:
			told = append(told, item.Asks...)
		}
	}
	var a addressees
	for _, item := range s.Items {
		if item.Met || !item.Mention {
			continue
		}
		for _, person := range item.People {
			a.add(person)
		}
	}
	for _, role := range ask {
		people := roster(team, role)
		if len(people) == 0 {
			told = append(told, role)
		}
		for _, person := range people {
			a.add(person)
		}
	}
	for _, role := range told {
		if !slices.Contains(ask, role) || len(roster(team, role)) == 0 {
			a.from = appendNew(a.from, Escape(role.Title(), maxName))
		}
	}
	if len(a.named) > maxNames {
		a.named, a.others = a.named[:maxNames], a.named[maxNames:]
	}
	return a
}

// add adds a person to those who are mentioned, or to those who are only named if GitLab would not take the name for a mention.
func (a *addressees) add(person string) {
	person = strings.TrimPrefix(strings.TrimSpace(person), "@")
	same := func(other string) bool { return strings.EqualFold(other, person) }
	switch {
	case !IsUsername(person):
		a.from = appendNew(a.from, Escape(person, maxName))
	case !slices.ContainsFunc(a.named, same):
		a.named = append(a.named, person)
	}
}

// sentence is the first line of a note with n open items, on such a subject.
func (a addressees) sentence(kind triage.SubjectKind, n int) string {
	var b strings.Builder
	for _, name := range a.named {
		b.WriteString("@" + name + " ")
	}
	if len(a.others) > 0 {
		b.WriteString("and " + countOf(len(a.others), "other") + ", ")
	}
	if b.Len() == 0 {
		b.WriteString("This")
	} else {
		b.WriteString("this")
	}
	b.WriteString(" " + kind.Words() + " needs " + countOf(n, "thing"))
	if from := a.fromWhom(); from != "" {
		b.WriteString(", from " + from)
	}
	b.WriteString(":")
	return b.String()
}

// fromWhom names those who are not mentioned: "the engineering manager", or "you and the engineering manager".
func (a addressees) fromWhom() string {
	from := a.from
	if len(from) == 0 {
		return ""
	}
	if len(a.named) > 0 {
		from = slices.Concat([]string{"you"}, from)
	}
	whom := listInWords(from)
	if words(whom) > maxFromWords {
		return ""
	}
	return whom
}

func roster(team *triage.Team, role triage.Role) []string {
	if team == nil {
		return nil
	}
	return team.People(role)
}

// username is GitLab's form. It may contain dots and dashes, but a mention does not take in a dot or a dash at its end.
var username = regexp.MustCompile(`^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,253}[a-zA-Z0-9_]$`)

// IsUsername reports whether @name mentions exactly this one person. @all would mention everybody in the project.
func IsUsername(name string) bool {
	lower := strings.ToLower(name)
	return username.MatchString(name) && lower != "all" && !strings.HasSuffix(lower, ".git") && !strings.HasSuffix(lower, ".atom")
}

func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// listInWords writes a list as a sentence does: "a", "a and b", "a, b and c".
func listInWords(list []string) string {
	last := len(list) - 1
	if last == 0 {
		return list[0]
	}
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

// countOf writes a number of things in words: "one thing", "two things", "12 things".
func countOf(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return numberInWords(n) + " " + thing + "s"
}

// numberInWords writes a number in words up to ten.
func numberInWords(n int) string {
	names := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	if n < len(names) {
		return names[n]
	}
	return strconv.Itoa(n)
}
