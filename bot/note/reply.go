package note

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"flowkeeper/rules/triage"
)

// How much an answer may hold, in runes: all of it but its marker, and one piece of what people wrote.
const (
	maxReply      = 20_000
	maxReplyQuote = 200
	maxReplyWords = 400
)

// RenderReply is the body of an answer to the comment of the issue with this id, Markdown without a newline at its end. The roles that it asks are
// mentioned first, by the team's roster, or named if nobody fills them. Untrusted text is escaped and cut; what would make the body
// longer than 20,000 runes is left out and counted. The last line is a hidden marker, which ParseReply reads; emoji is the reaction that the
// comment gets, too, or "". A nil team has an empty roster.
func RenderReply(r triage.Reply, team *triage.Team, on triage.Ref, note int64, emoji string) string {
	left := runesLeft(maxReply)
	var b strings.Builder
	head := mentionRoles(r.Asks, team)
	texts, more := left.render(r.Text, utf8.RuneCountInString(head))
	for n, text := range texts {
		if n == 0 {
			text = head + text
		}
		b.WriteString(text + "\n\n")
	}
	if len(texts) == 0 && head != "" {
		b.WriteString(strings.TrimRight(head, ": ") + "\n\n")
	}
	if more > 0 {
		b.WriteString("And " + numberInWords(more) + " more.\n\n")
	}
	rows, more := left.render(r.Rows, 0)
	writeRows(&b, rows, more)
	if len(r.DetailsRows) > 0 {
		title := oneLine(r.DetailsTitle)
		if title == "" {
			title = "More"
		}
		b.WriteString("<details><summary>" + html.EscapeString(title) + "</summary>\n\n")
		rows, more := left.render(r.DetailsRows, 0)
		writeRows(&b, rows, more)
		b.WriteString(detailsEnd)
	}
	b.WriteString("<!-- flowkeeper:re " + replySubject(on) + " ")
	b.WriteString(strings.TrimSpace(strconv.FormatInt(note, 10)+" "+emoji) + " -->")
	return b.String()
}

// AboutComment begins a reply that is not in the thread of the comment it answers: it links to the comment.
func AboutComment(issueURL string, comment int64) triage.Prose {
	address := issueURL + "#note_" + strconv.FormatInt(comment, 10)
	if !addressForm.MatchString(address) {
		return triage.Say("About a comment above:")
	}
	return triage.Say("About [this comment](" + address + "):")
}

// writeRows writes a list with a blank line behind it, nothing for an empty one. More is how many rows did not fit.
func writeRows(b *strings.Builder, rows []string, more int) {
	for _, row := range rows {
		b.WriteString("- " + row + "\n")
	}
	if more > 0 {
		b.WriteString("- and " + numberInWords(more) + " more\n")
	}
	if len(rows) > 0 || more > 0 {
		b.WriteString("\n")
	}
}

// runesLeft is how many runes may still be written.
type runesLeft int

// render renders as many of the texts as there is room for after already runes, and counts the rest.
func (left *runesLeft) render(texts []triage.Prose, already int) (lines []string, more int) {
	for n, text := range texts {
		line := RenderProse(text)
		*left -= runesLeft(already + utf8.RuneCountInString(line) + len("- \n"))
		already = 0
		if *left < 0 {
			*left = 0 // what comes behind has no room either
			return lines, len(texts) - n
		}
		lines = append(lines, line)
	}
	return lines, 0
}

// RenderProse renders a text on one line of Markdown, in which people's words are harmless and cut to a few hundred characters. It may stand at the
// beginning of a line, and does not begin a block there.
func RenderProse(p triage.Prose) string { return paragraph(joinPieces(p)) }

// joinPieces renders a text as it is written, with people's words harmless where they stand on one line.
func joinPieces(p triage.Prose) string {
	var b strings.Builder
	glue := false // the piece before must not touch the next one
	for _, piece := range p {
		text, untrusted := piece.Trusted, false
		switch {
		case piece.Untrusted == "":
		case piece.Quoted:
			text, untrusted = "“"+Escape(piece.Untrusted, maxReplyQuote)+"”", false
		default:
			text, untrusted = Escape(piece.Untrusted, maxReplyWords), true
		}
		if text == "" {
			continue
		}
		if glue && joinsWord(text) || untrusted && endsInWord(b.String()) {
			b.WriteByte(' ')
		}
		b.WriteString(text)
		glue = untrusted
	}
	return b.String()
}

// joinsWord reports whether a text would become one word with untrusted text before it: together they might form a reference.
func joinsWord(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return !unicode.IsSpace(r) && !strings.ContainsRune(".,;:!?)”\"'*]", r)
}

// endsInWord reports the same for text before untrusted text.
func endsInWord(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	return size > 0 && !unicode.IsSpace(r) && !strings.ContainsRune("(“\"'*[", r)
}

// mentionRoles begins a reply that asks roles: "@maria and the product manager: ".
func mentionRoles(roles []triage.Role, team *triage.Team) string {
	var a addressees
	for _, role := range roles {
		people := roster(team, role)
		if len(people) == 0 {
			a.from = appendNew(a.from, Escape(role.Title(), maxName))
		}
		for _, person := range people {
			a.add(person)
		}
	}
	whom := a.from
	if len(a.named) > 0 {
		whom = append([]string{"@" + strings.Join(a.named, " @")}, a.from...)
	}
	if len(whom) == 0 {
		return ""
	}
	head := listInWords(whom)
	first, size := utf8.DecodeRuneInString(head)
	return string(unicode.ToUpper(first)) + head[size:] + ": "
}

// replySubject is the subject as the marker of an answer names it: "7:12" is an issue, "merge_request:7:12" a merge request. It is no
// reference of GitLab's, which would be rewritten in a copy.
func replySubject(on triage.Ref) string {
	place := strconv.FormatInt(on.Project, 10) + ":" + strconv.FormatInt(on.IID, 10)
	if on.Kind != triage.SubjectIssue {
		place = on.Kind.String() + ":" + place
	}
	return place
}

var replyLine = regexp.MustCompile(`^<!-- flowkeeper:re (?:((?:[a-z_]{1,50}:)?[0-9]{1,19}:[0-9]{1,19}) )?([0-9]{1,19})(?: ([a-z_]{1,50}))? -->$`)

// ParseReply reads the marker of an answer on this issue: the id of the comment that it answers, and the reaction that goes with it, "" for none.
// ok is false for every other body, such as an answer that GitLab copied from another issue. The caller makes sure that the bot wrote it.
func ParseReply(body string, on triage.Ref) (note int64, emoji string, ok bool) {
	line, ok := lastComment(body)
	parts := replyLine.FindStringSubmatch(line)
	if !ok || parts == nil {
		return 0, "", false
	}
	if of := parts[1]; of != "" && of != replySubject(on) {
		return 0, "", false
	}
	note, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return 0, "", false
	}
	return note, parts[3], true
}
