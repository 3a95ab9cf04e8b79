package document

import (
	"regexp"
	"strconv"
	"strings"

	"flowkeeper/bot/note"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// maxTitle is how much of an issue's title a list shows, in characters.
const maxTitle = 100

// writeRows writes a list, and the lists below its lines two blanks further in.
func (o Options) writeRows(b *strings.Builder, rows []planning.Row, indent string) {
	for _, r := range rows {
		b.WriteString(indent + "- ")
		if r.Box != planning.NoBox {
			b.WriteString("[" + string(r.Box) + "] ")
		}
		b.WriteString(o.rowText(r) + "\n")
		o.writeRows(b, r.Rows, indent+"  ")
	}
}

// rowText is the issue, if there is one, and the text behind it.
func (o Options) rowText(r planning.Row) string {
	text := note.RenderProse(r.Text)
	switch {
	case r.Issue == nil && text == "":
		return "–" // a line without anything would underline the one above it as a heading
	case r.Issue == nil:
		return text
	case text == "":
		return o.issueText(*r.Issue)
	default:
		return o.issueText(*r.Issue) + " – " + text
	}
}

// issueText names an issue: its linked number, its title and its labels. Of a confidential one nothing is told but that it is there.
func (o Options) issueText(i planning.IssueRow) string {
	switch {
	case i.Confidential && i.IID == 0:
		return "a confidential issue of " + triage.Code(i.Path)
	case i.Confidential:
		return "(confidential) " + Link(i.URL, triage.Code(o.name(i)))
	}
	title := note.Escape(i.Title, maxTitle)
	if title == "" {
		title = "(no title)"
	}
	words := []string{Link(i.URL, triage.Code(o.name(i))), title}
	for _, l := range i.Labels {
		if plainLabel.MatchString(l) {
			words = append(words, triage.Quoted(l))
		}
	}
	if i.Status != "" {
		words = append(words, triage.Code(i.Status))
	}
	return strings.Join(words, " ")
}

// plainLabel is a label that can stand in a text as a reference. Where the project has no label of that name it is text, and such a text means
// nothing else.
var plainLabel = regexp.MustCompile(`^[\pL\pN][\pL\pN :._+-]{0,80}$`)

// name is an issue as people refer to it from where the document stands: "#12", "app#12" or "my-group/app#12".
func (o Options) name(i planning.IssueRow) string {
	number := "#" + strconv.FormatInt(i.IID, 10)
	if i.Path == o.Home {
		return number
	}
	if group := o.Home[:strings.LastIndexByte(o.Home, '/')+1]; group != "" && !strings.Contains(strings.TrimPrefix(i.Path, group), "/") {
		return strings.TrimPrefix(i.Path, group) + number
	}
	return i.Path + number
}
