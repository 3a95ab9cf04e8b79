package triage

import (
	"slices"
	"strings"
)

// Item is something people should see to. Slot tells the items of one rule apart. Title, Text, Do, Else and Then are trusted Markdown; Quote and
// QuoteAuthor are people's words, shown escaped between Text and Then. Asks are the roles to be mentioned, once per item.
type Item struct {
	Slot        string
	Title       string // "A weight"
	Text        string // follows the title: "for the backend side", or a sentence of its own with its full stop
	Do          string // how somebody does it who may change the issue, without a full stop: "`/weight 3`"
	Else        string // a sentence for those who may not; "" is that somebody else will
	QuoteAuthor string // who wrote the quote, a username
	Quote       string
	Then        string // a sentence behind the quote
	Asks        []Role

	// Triage marks an item that triage sees to anyway: while the issue waits for its triage, the item is asked for only after a working day.
	Triage bool

	// Say is what a policy says, in place of Title and Text; Details is all of it where Say is only its beginning. People are the usernames to
	// be mentioned, once per item.
	Say     Prose
	Details Prose
	People  []string
}

// TextFor is what follows the title, for a reader who may change the issue or may not.
func (i Item) TextFor(may bool) string {
	sentence := i.Text == "" || strings.HasSuffix(i.Text, ".") || strings.HasSuffix(i.Text, "?")
	switch {
	case i.Do == "":
		return i.Text
	case !may && i.Else != "":
		return i.sentence(sentence, i.Else)
	case !may:
		return i.sentence(sentence, "The engineering manager will see to it.")
	case strings.HasPrefix(i.Do, "`") && (i.Text == "" || !sentence):
		return i.Text + ": " + i.Do + "."
	}
	return i.sentence(sentence, "Use "+i.Do+".")
}

// sentence adds one behind the text.
func (i Item) sentence(ended bool, next string) string {
	text := i.Text
	if !ended {
		text += "."
	}
	return strings.TrimLeft(text+" "+next, " ")
}

// SameAs reports whether two items are one matter to those who read them.
func (i Item) SameAs(as Item) bool {
	return i.Title == as.Title && i.Text == as.Text && i.Quote == as.Quote && slices.Equal(i.Say, as.Say) && slices.Equal(i.Details, as.Details) && (i.Do == as.Do || i.Slot == as.Slot)
}
