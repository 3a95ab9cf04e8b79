package note

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// maxWords is how many words may stand before the details section.
const maxWords = 60

// summary is the visible part of the note, before the details section. What does not fit is moved into that section.
type summary struct {
	replaces string // a sentence that names the note whose place this one takes
	first    string
	entries  []entry
	lines    []string

	full       []string // what policies say at length, of several lines
	below      []entry  // only in the details
	linesBelow []string // only in the details
}

// entry is an item as a list shows it. Rest is what follows the title, "" for nothing; cut says that rest is only in the details.
type entry struct {
	title string
	plain bool // the title is a sentence of its own
	rest  string
	met   bool
	cut   bool
}

// fitSummary chooses what stands before the details section. When it is too much, the longest texts are moved first, then items that are met,
// then what the bot did itself, and finally the last open items.
func fitSummary(first string, s engine.Note) summary {
	p := summary{}
	for _, line := range s.Lines {
		if line = paragraph(line); line != "" {
			p.lines = append(p.lines, line)
		}
	}
	for _, r := range s.Remarks {
		line := inlineMarkdown(r.Say)
		if cc := mentionPeople(r.People); r.Mention && cc != "" {
			line += " " + cc
		}
		p.lines = append(p.lines, line)
		p.addFull(r.Details)
	}
	for _, item := range s.Items {
		p.addFull(item.Details)
	}
	switch {
	case s.Open() > 0:
		p.replaces, p.first = replacesSentence(s.Replaces), first
		for _, item := range s.Items {
			p.entries = append(p.entries, newEntry(item))
		}
	case s.Waiting && len(s.Items) > 0:
		p.first = "Done so far:"
		for _, item := range s.Items {
			p.entries = append(p.entries, newEntry(item))
		}
	case s.Waiting && len(p.lines) == 0:
		p.first = "Nothing to do at the moment."
	case len(s.Items) > 0 || len(p.lines) == 0:
		p.first = "✅ All set."
	}
	for p.words() > maxWords && (p.shortenLongest() || p.dropMet() || p.dropLine() || p.dropItem()) {
	}
	return p
}

// addressForm is what an address of a comment looks like that can stand in a link.
var addressForm = regexp.MustCompile(`^https?://[0-9A-Za-z._~:/%#-]+$`)

// replacesSentence names the note whose place this one takes, "" for none.
func replacesSentence(note string) string {
	if !addressForm.MatchString(note) {
		return ""
	}
	return "This takes the place of [my earlier note](" + note + "), from another bot user."
}

// addFull adds a text that stands in the details as a whole.
func (p *summary) addFull(text triage.Prose) {
	if said := ownMarkdown(text); said != "" {
		p.full = append(p.full, said)
	}
}

func newEntry(item engine.NoteItem) entry {
	if len(item.Say) > 0 {
		return entry{title: inlineMarkdown(item.Say), plain: true, met: item.Met}
	}
	e := entry{title: oneLine(item.Title), met: item.Met}
	if e.met {
		return e
	}
	e.rest = oneLine(item.Text)
	quote := Escape(item.Quote, maxQuote)
	if quote == "" {
		return e
	}
	if from := Escape("@"+item.QuoteAuthor, maxName); item.QuoteAuthor != "" {
		e.rest += " from " + from + ":"
	}
	e.rest += " “" + quote + "”"
	if then := oneLine(item.Then); then != "" {
		e.rest += closingStop(item.Quote) + " " + then
	}
	e.rest = strings.TrimLeft(e.rest, " ")
	return e
}

// closingStop is the full stop after a quote that does not end a sentence itself.
func closingStop(quote string) string {
	if quote = strings.TrimSpace(quote); strings.ContainsAny(quote[max(0, len(quote)-1):], ".?!") || utf8.RuneCountInString(quote) > maxQuote {
		return ""
	}
	return "."
}

// shortenLongest leaves only the title of the item with the longest text.
func (p *summary) shortenLongest() bool {
	longest, most := -1, 0
	for i, e := range p.entries {
		if n := words(e.rest); n > most && !e.cut {
			longest, most = i, n
		}
	}
	if longest < 0 {
		return false
	}
	p.entries[longest].cut = true
	return true
}

// dropMet moves the last item into the details if it is met.
func (p *summary) dropMet() bool {
	last := len(p.entries) - 1
	return last >= 0 && p.entries[last].met && p.dropItem()
}

// dropItem moves the last item into the details, with all that it says.
func (p *summary) dropItem() bool {
	last := len(p.entries) - 1
	if last < 0 {
		return false
	}
	e := p.entries[last]
	e.cut = false
	p.entries, p.below = p.entries[:last], slices.Insert(p.below, 0, e)
	return true
}

// dropLine moves the last line into the details.
func (p *summary) dropLine() bool {
	last := len(p.lines) - 1
	if last < 0 {
		return false
	}
	p.lines, p.linesBelow = p.lines[:last], slices.Insert(p.linesBelow, 0, p.lines[last])
	return true
}

// words counts what a reader reads before the details.
func (p *summary) words() int {
	n := words(p.replaces) + words(p.first) + words(p.moreBelow())
	for _, e := range p.entries {
		n += words(e.title)
		if !e.cut {
			n += words(e.rest)
		}
	}
	for _, line := range p.lines {
		n += words(line)
	}
	return n
}

// moreBelow says that there are more open items in the details, "" if there are none.
func (p *summary) moreBelow() string {
	n := 0
	for _, e := range p.below {
		if !e.met {
			n++
		}
	}
	switch {
	case n == 0:
		return ""
	case len(p.entries) == 0:
		return "See below."
	default:
		return "And " + numberInWords(n) + " more below."
	}
}

// write writes everything before the details, with a blank line behind each part.
func (p *summary) write(b *strings.Builder) {
	if p.replaces != "" {
		b.WriteString(p.replaces + "\n\n")
	}
	if p.first != "" {
		b.WriteString(p.first + "\n\n")
	}
	for _, e := range p.entries {
		b.WriteString(e.task())
	}
	if len(p.entries) > 0 {
		b.WriteString("\n")
	}
	if pointer := p.moreBelow(); pointer != "" {
		b.WriteString(pointer + "\n\n")
	}
	for _, line := range p.lines {
		b.WriteString(line + "\n\n")
	}
}

// task is the entry as an item of a task list.
func (e entry) task() string {
	switch {
	case e.met:
		return "- [x] " + struck(e.title) + "\n"
	case e.cut:
		return "- [ ] **" + e.title + "**\n"
	}
	return "- [ ] " + e.full() + "\n"
}

// full is the entry with its title and all of its text. A text that is a sentence of its own begins with a capital or a digit.
func (e entry) full() string {
	title := "**" + e.title + "**"
	if e.plain {
		title = e.title
	}
	if e.rest == "" {
		return title
	}
	switch first, _ := utf8.DecodeRuneInString(e.rest); {
	case first == ':':
		return title + e.rest
	case unicode.IsUpper(first) || unicode.IsDigit(first):
		title += "."
	}
	return title + " " + e.rest
}

// struck strikes a title through. Tildes before labels would be taken for the marks, so they are escaped; those in code spans are not.
func struck(title string) string {
	parts := strings.Split(title, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = tildes.Replace(parts[i])
	}
	return "~~" + strings.Join(parts, "`") + "~~"
}

var tildes = strings.NewReplacer(`\~`, `\~`, "~", `\~`+string(wordJoiner))

// oneLine puts trusted Markdown onto one line.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, isBlank), " ")
}

// paragraph puts trusted Markdown onto one line that is always a paragraph, whatever it begins with, and never a quick action.
func paragraph(s string) string {
	s = oneLine(s)
	for _, start := range []string{"/", "<", ">", "```", "~~~"} {
		if strings.HasPrefix(s, start) {
			return `\` + s
		}
	}
	return s
}

// words counts the words of a text: what stands between blanks and has a letter or a digit.
func words(s string) int {
	n := 0
	for word := range strings.FieldsSeq(s) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			n++
		}
	}
	return n
}
