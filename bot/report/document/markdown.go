package document

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"flowkeeper/bot/note"
	"flowkeeper/rules/planning"
)

// Options say where a document is read.
type Options struct {
	// List is the web address of the team's list of issues, of a group or of a project: "https://gitlab.com/groups/my-group/-/issues". Counts
	// link to it with a filter; "" links nowhere.
	List string
	// Home is the full path of the project where the document stands, "group/project": issues of it are named by their number alone, those of
	// its group without the group. "" names all in full.
	Home string
}

// Markdown is the content of a document's block: those who are asked, the summary, the sections, each behind its hidden mark, and the state. It has
// no newline at its end. People's words are inert in it, and issues are linked without being mentioned. Lists that are too long for GitLab together are
// cut.
func Markdown(d planning.Document, o Options) string {
	text := o.markdown(d)
	for most := longest(d.Sections); utf8.RuneCountInString(text) > maxText && most > 0; {
		most /= 2
		d.Sections = cut(d.Sections, most)
		text = o.markdown(d)
	}
	return text
}

// maxText is how many characters of the 1,048,576 that GitLab takes are for the bot; the rest is for people's words.
const maxText = 900_000

// longest is how many rows the longest list has.
func longest(sections []planning.Section) int {
	most := 0
	for _, s := range sections {
		most = max(most, len(s.Rows))
	}
	return most
}

// cut shortens lists to so many rows.
func cut(sections []planning.Section, most int) []planning.Section {
	sections = slices.Clone(sections)
	for n := range sections {
		if s := &sections[n]; len(s.Rows) > most {
			s.More += len(s.Rows) - most
			s.Rows = s.Rows[:most]
		}
	}
	return sections
}

func (o Options) markdown(d planning.Document) string {
	var b strings.Builder
	for _, p := range intro(d) {
		b.WriteString(p + "\n\n")
	}
	o.writeSummary(&b, d.Sections)
	for _, s := range d.Sections {
		o.writeSection(&b, s)
	}
	b.WriteString(StateMark(d.State))
	return b.String()
}

// intro are the paragraphs before the summary. The first one speaks to those who are asked.
func intro(d planning.Document) []string {
	var paragraphs []string
	for _, p := range d.Intro {
		paragraphs = append(paragraphs, note.RenderProse(p))
	}
	var asked []string
	for _, name := range d.Asks {
		if note.IsUsername(name) {
			asked = append(asked, "@"+name)
		}
	}
	if len(asked) == 0 {
		return paragraphs
	}
	if len(paragraphs) == 0 {
		return []string{strings.Join(asked, " ")}
	}
	paragraphs[0] = strings.Join(asked, " ") + " " + paragraphs[0]
	return paragraphs
}

// writeSummary writes a line for each section that has one: how many there are, and how many more or fewer than before. Those that have nothing
// share one line.
func (o Options) writeSummary(b *strings.Builder, sections []planning.Section) {
	var lines, none []string
	for _, s := range sections {
		switch {
		case !s.Summary:
		case s.Count > 0:
			lines = append(lines, "- "+o.linkToList(s.Filter, s.Title)+": **"+strconv.Itoa(s.Count)+"**"+sinceBefore(s))
		default:
			none = append(none, lowered(s.Title)+before(s))
		}
	}
	if len(lines) > 0 {
		b.WriteString(strings.Join(lines, "\n") + "\n\n")
	}
	if len(none) > 0 {
		b.WriteString("None: " + strings.Join(none, ", ") + ".\n\n")
	}
}

// sinceBefore is how a count has changed.
func sinceBefore(s planning.Section) string {
	switch {
	case s.Before == nil || *s.Before == s.Count:
		return ""
	case *s.Before < s.Count:
		return fmt.Sprintf(", %d more", s.Count-*s.Before)
	default:
		return fmt.Sprintf(", %d fewer", *s.Before-s.Count)
	}
}

// before is what a section had that has nothing now.
func before(s planning.Section) string {
	if s.Before == nil || *s.Before == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d before)", *s.Before)
}

// lowered is a title within a sentence: "Past SLO" is "past SLO", "UX debt" stays.
func lowered(title string) string {
	if len(title) > 1 && strings.ToLower(title[1:2]) == title[1:2] {
		return strings.ToLower(title[:1]) + title[1:]
	}
	return title
}

// writeSection writes a section behind its mark. One of which the summary says that there is nothing is left out.
func (o Options) writeSection(b *strings.Builder, s planning.Section) {
	if s.Summary && s.Count == 0 && len(s.Text) == 0 && s.Table == nil {
		return
	}
	b.WriteString(SectionMark(s.Name) + "\n\n")
	title := s.Title
	if s.Summary {
		title += " (" + strconv.Itoa(s.Count) + ")"
	}
	switch {
	case s.Folded:
		b.WriteString("<details><summary>" + html.EscapeString(title) + "</summary>\n\n")
	case title != "":
		b.WriteString("### " + title + "\n\n")
	}
	for _, p := range s.Text {
		b.WriteString(note.RenderProse(p) + "\n\n")
	}
	o.writeRows(b, s.Rows, "")
	if s.More > 0 {
		b.WriteString("- " + o.linkToList(s.Filter, fmt.Sprintf("and %d more", s.More)) + "\n")
	}
	if len(s.Rows) > 0 || s.More > 0 {
		b.WriteString("\n")
	}
	if s.Table != nil {
		o.writeMarkdownTable(b, *s.Table)
	}
	if s.Folded {
		b.WriteString("</details>\n\n")
	}
}
