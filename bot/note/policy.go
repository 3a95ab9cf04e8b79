package note

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"flowkeeper/rules/triage"
)

// RenderPolicyComment is the body of a comment that a policy makes beside the note, in its spell of this number on the issue: the team's own
// Markdown, then the mentions. The last line is a hidden marker, which ParsePolicyComment reads.
func RenderPolicyComment(c triage.PolicyComment, on triage.Ref, rule string, spell int) string {
	var b strings.Builder
	b.WriteString(ownMarkdown(c.Text))
	if cc := mentionPeople(c.Mentions); cc != "" {
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(cc)
	}
	return b.String() + "\n\n<!-- flowkeeper:policy " + replySubject(on) + " " + strconv.Itoa(spell) + " " + rule + " -->"
}

var policyLine = regexp.MustCompile(`^<!-- flowkeeper:policy ((?:[a-z_]{1,50}:)?[0-9]{1,19}:[0-9]{1,19}) ([0-9]{1,9}) (\S{1,300}) -->$`)

// ParsePolicyComment reads the marker of a policy's comment on this issue: the rule and the number of its spell. ok is false for every other body,
// such as one that GitLab copied from another issue. The caller makes sure that the bot wrote it.
func ParsePolicyComment(body string, on triage.Ref) (rule string, spell int, ok bool) {
	line, ok := lastComment(body)
	parts := policyLine.FindStringSubmatch(line)
	if !ok || parts == nil || parts[1] != replySubject(on) {
		return "", 0, false
	}
	spell, err := strconv.Atoi(parts[2])
	return parts[3], spell, err == nil
}

// ownMarkdown renders a text of several lines that is the team's own Markdown, but for people's words in it. No line of it is a quick action:
// those would run with the bot's rights. A text that would swallow what follows, as an open code block does, is put on one line.
func ownMarkdown(p triage.Prose) string {
	said := strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(joinPieces(p)))
	if !endsBeforeNext(said) {
		return inlineMarkdown(triage.Say(said))
	}
	lines := strings.Split(said, "\n")
	for n, line := range lines {
		if bare := strings.TrimLeft(line, " \t"); strings.HasPrefix(bare, "/") {
			lines[n] = line[:len(line)-len(bare)] + string(wordJoiner) + bare
		}
	}
	return strings.Join(lines, "\n")
}

// endsBeforeNext reports whether a paragraph behind the text is one, and not, for instance, part of a code block.
func endsBeforeNext(markdown string) bool {
	const next = "next"
	source := []byte(markdown + "\n\n" + next)
	last, ok := bodyParser.Parse(text.NewReader(source)).LastChild().(*ast.Paragraph)
	return ok && string(last.Lines().Value(source)) == next
}

// inlineMarkdown renders a text of the team's own Markdown on one line.
func inlineMarkdown(p triage.Prose) string {
	return paragraph(comments.ReplaceAllLiteralString(joinPieces(p), `\<!--`))
}

// comments are the beginnings of HTML comments, escaped ones, too.
var comments = regexp.MustCompile(`\\?<!--`)

// mentionPeople mentions people: "cc @ann @bob", "" for nobody. What GitLab would not take for a mention of one person is only named.
func mentionPeople(people []string) string {
	var all []string
	for _, person := range people {
		name := strings.TrimPrefix(strings.TrimSpace(person), "@")
		switch {
		case IsUsername(name):
			all = appendNew(all, "@"+name)
		default:
			all = appendNew(all, Escape(name, maxName))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "cc " + strings.Join(all, " ")
}
