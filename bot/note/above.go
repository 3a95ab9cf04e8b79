package note

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"flowkeeper/rules/engine"
)

// maxWords is how much may stand before the fold.
const maxWords = 60

// above is what stands before the fold. What does not fit there was moved into it.
type above struct {
	after   string // names the note whose place this one takes
	first   string
	entries []entry
	lines   []string

	below      []entry  // only in the fold
	linesBelow []string // only in the fold
}

// entry is an item as a list shows it. Rest is what follows the title, "" for nothing; cut says that it stands in the fold only.
type entry struct {
	title string
	rest  string
	met   bool
	cut   bool
}

// fit chooses what stands before the fold. When it is too much, the longest texts go first, then items that are met, then what the bot
// did itself, and at last the last of the open items.
func fit(first string, s engine.Note) above {
	p := above{}
	for _, line := range s.Lines {
		if line = paragraph(line); line != "" {
			p.lines = append(p.lines, line)
		}
	}
	switch {
	case s.Open() > 0:
		p.after, p.first = after(s.Replaces), first
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

// after names the note whose place this one takes, "" for none.
func after(note string) string {
	if !addressForm.MatchString(note) {
		return ""
	}
	return "This takes the place of [my earlier note](" + note + "), from another bot user."
}

func newEntry(item engine.NoteItem) entry {
	e := entry{title: oneLine(item.Title), met: item.Met}
	if e.met {
		return e
	}
	e.rest = oneLine(item.Text)
	quote := Inert(item.Quote, maxQuote)
	if quote == "" {
		return e
	}
	if from := Inert("@"+item.QuoteAuthor, maxName); item.QuoteAuthor != "" {
		e.rest += " from " + from + ":"
	}
	e.rest += " “" + quote + "”"
	if then := oneLine(item.Then); then != "" {
		e.rest += ended(item.Quote) + " " + then
	}
	e.rest = strings.TrimLeft(e.rest, " ")
	return e
}

// ended is the full stop behind a quote that has none of its own.
func ended(quote string) string {
	if quote = strings.TrimSpace(quote); strings.ContainsAny(quote[max(0, len(quote)-1):], ".?!") || utf8.RuneCountInString(quote) > maxQuote {
		return ""
	}
	return "."
}

// shortenLongest leaves away what follows the title of one item.
func (p *above) shortenLongest() bool {
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

// dropMet moves the last item into the fold if it is met.
func (p *above) dropMet() bool {
	last := len(p.entries) - 1
	return last >= 0 && p.entries[last].met && p.dropItem()
}

// dropItem moves the last item into the fold, with all that it says.
func (p *above) dropItem() bool {
	last := len(p.entries) - 1
	if last < 0 {
		return false
	}
	e := p.entries[last]
	e.cut = false
	p.entries, p.below = p.entries[:last], slices.Insert(p.below, 0, e)
	return true
}

// dropLine moves the last line into the fold.
func (p *above) dropLine() bool {
	last := len(p.lines) - 1
	if last < 0 {
		return false
	}
	p.lines, p.linesBelow = p.lines[:last], slices.Insert(p.linesBelow, 0, p.lines[last])
	return true
}

// words counts what a reader reads before the fold.
func (p *above) words() int {
	n := words(p.after) + words(p.first) + words(p.pointer())
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

// pointer says that there is more to do in the fold, "" if there is not.
func (p *above) pointer() string {
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
		return "And " + number(n) + " more below."
	}
}

// write writes everything before the fold, with a blank line behind each part.
func (p *above) write(b *strings.Builder) {
	if p.after != "" {
		b.WriteString(p.after + "\n\n")
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
	if pointer := p.pointer(); pointer != "" {
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

// full is the entry with everything that it says. A rest that is a sentence of its own begins with a capital or a digit.
func (e entry) full() string {
	title := "**" + e.title + "**"
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

// struck strikes a title through. Its tildes, which stand before labels, would be taken for the marks; those in code spans would not.
func struck(title string) string {
	parts := strings.Split(title, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = tildes.Replace(parts[i])
	}
	return "~~" + strings.Join(parts, "`") + "~~"
}

var tildes = strings.NewReplacer(`\~`, `\~`, "~", `\~`+string(breaker))

// oneLine brings Markdown of our own onto one line.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, isBlank), " ")
}

// paragraph brings Markdown of our own onto one line that is a paragraph whatever it begins with, and no quick action.
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
