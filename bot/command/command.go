// Package command finds the lines of a comment that are addressed to the bot: those that begin with "/flow" or with its name. It reads
// Markdown as GitLab does and looks where GitLab looks for its own quick actions. It knows no command by name; what a line asks for is
// for others to say.
package command

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
)

// maxLines bounds the commands of one comment. Each may cost a few calls of GitLab's API and all of them are one decision; nobody types
// more by hand.
const maxLines = 20

// Line is one command as written.
type Line struct {
	Number int // line of the comment, from 1
	// Text is what follows the prefix, on one line: "weight 3", or "" if nothing does. Case and words are as written. Runs of blanks of
	// any kind are one blank; characters that cannot be seen are gone, as is a full stop at the end.
	Text    string
	Mention bool // written as "@bot …", not as "/flow …"
}

// Reader reads comments. It may be used by several goroutines at the same time.
type Reader struct {
	slash    string // "/flow"
	mention  string // "@bot", "" if the bot's name is not known
	markdown goldmark.Markdown
}

// New makes a reader for commands with the prefix, a word without slash or blanks, and for those that mention the bot, a username without @; ""
// while that is not known.
func New(prefix, bot string) *Reader {
	r := &Reader{slash: "/" + prefix, markdown: newMarkdown()}
	if bot != "" {
		r.mention = "@" + bot
	}
	return r
}

// Read finds the commands of a comment, top to bottom: lines of top-level paragraphs that GitLab shows as text. Code, quotes, lists,
// tables, headings, links, formulas and whatever stands within HTML elements is not read. Of a comment over 64 KiB, or one that is made to
// take long, only the beginning is read, and of many commands only the first 20 are given. It takes half a second at the very worst, and
// microseconds for what people write.
func (r *Reader) Read(comment string) []Line {
	text := footnotes.ReplaceAllString(strings.TrimPrefix(readablePart(comment), byteOrderMark), "$1 ")
	text = descriptions.ReplaceAllString(text, "$1:$2")
	if !r.mayHoldCommand(text) {
		return nil
	}
	found := r.readBounded(text)
	if other := hiddenStart.ReplaceAllString(text, "$1"); other != text && len(found) > 0 {
		found = commonLines(found, r.readBounded(other))
	}
	return found
}

const byteOrderMark = "\ufeff"

var (
	// footnotes are the beginnings of footnotes whose text stands far in: GitLab takes it for text, not for code that would end the paragraph.
	footnotes = regexp.MustCompile(`(?m)^([ >]*\[\^[^\]\s]+\]:)[ \t]+`)
	// descriptions are the beginnings of descriptions of a term with the other of the two signs that GitLab knows.
	descriptions = regexp.MustCompile(`(?m)^( {0,3})~([ \t])`)
	// hiddenStart matches invisible characters at the beginning of a line. Before the mark of a block some Markdown parsers take them for text and
	// others ignore them.
	hiddenStart = regexp.MustCompile(`(?m)^([ \t]*)[\p{Cf}\x{034f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{2800}\x{3164}\x{ffa0}]+`)
)

// commonLines are the lines that both readings of a comment show.
func commonLines(a, b []Line) (both []Line) {
	for _, l := range a {
		if slices.Contains(b, l) {
			both = append(both, l)
		}
	}
	return both
}

// readBounded finds the commands of a text that is bounded.
func (r *Reader) readBounded(text string) []Line {
	body := text[frontMatterLength(text):]
	skipped := strings.Count(text[:len(text)-len(body)], "\n")
	var found []Line
	for _, line := range r.lines([]byte(body)) {
		if len(found) == maxLines {
			break
		}
		line.Number += skipped
		found = append(found, line)
	}
	return found
}

// mayHoldCommand reports whether any line looks like a command, so that the text is worth parsing.
func (r *Reader) mayHoldCommand(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if _, ok := r.parseCommand(line); ok {
			return true
		}
	}
	return false
}

// parseCommand reads one line of the source as a command. Up to three blanks may stand before it; more would be code.
func (r *Reader) parseCommand(line string) (Line, bool) {
	line, ok := unindent(line)
	if !ok {
		return Line{}, false
	}
	if rest, ok := cutFold(line, r.slash); ok && endsWord(rest) {
		return Line{Text: cleanArgument(rest)}, true
	}
	if rest, ok := cutFold(line, r.mention); ok && r.mention != "" {
		if rest != "" && strings.ContainsAny(rest[:1], ",:") {
			return Line{Text: cleanArgument(rest[1:]), Mention: true}, true
		}
		return Line{Text: cleanArgument(rest), Mention: true}, endsWord(rest)
	}
	return Line{}, false
}

// cutFold is strings.CutPrefix in whatever case.
func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
