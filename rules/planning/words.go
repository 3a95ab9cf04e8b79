package planning

import (
	"fmt"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// countOf is a number of things: "1 issue", "2 issues".
func countOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// joinWords joins words as a sentence does: "a, b and c".
func joinWords(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// inWords is a day as a sentence names it: "12 December 2026".
func (d Date) inWords() string { return d.midnight().Format("2 January 2006") }

// inWords is the days from the first to the last: "12 December 2026 to 15 January 2027".
func (r DateRange) inWords() string {
	if r.From == r.To {
		return r.From.inWords()
	}
	return r.From.inWords() + " to " + r.To.inWords()
}

// sayf is a text of our own without anybody's words.
func sayf(format string, args ...any) triage.Prose { return triage.Say(fmt.Sprintf(format, args...)) }

// unmentioned names a person without mentioning them.
func unmentioned(username string) triage.Prose { return triage.Prose{}.Untrusted(username) }

// unmentionedAll names people as a sentence does, without mentioning them.
func unmentionedAll(usernames []string) triage.Prose {
	var text triage.Prose
	for n, u := range usernames {
		switch {
		case n == 0:
		case n == len(usernames)-1:
			text = text.Say(" and ")
		default:
			text = text.Say(", ")
		}
		text = text.Untrusted(u)
	}
	return text
}
