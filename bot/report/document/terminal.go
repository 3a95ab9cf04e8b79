package document

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"flowkeeper/bot/legible"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// maxCell is how much of a text a column shows, in characters.
const maxCell = 60

// WriteTable writes a document for a terminal: its title, the summary, and a table for each section. Nothing in it moves the cursor.
func WriteTable(w io.Writer, d planning.Document) error {
	t := &tableWriter{w: w}
	t.line(cmp.Or(legible.Printable(d.Title), string(d.Kind)+" "+d.Key))
	if len(d.Assignees) > 0 {
		t.line(legible.Printable("for " + strings.Join(d.Assignees, ", ")))
	}
	for _, p := range d.Intro {
		t.line(plain(p))
	}
	t.summary(d.Sections)
	for _, s := range d.Sections {
		if s.Summary && s.Count == 0 && len(s.Text) == 0 && s.Table == nil {
			continue
		}
		t.section(s)
	}
	return t.err
}

// tableWriter writes lines until one fails.
type tableWriter struct {
	w   io.Writer
	err error
}

func (t *tableWriter) line(text string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, text)
	}
}

// columns writes rows of cells below each other, those after the first to the right if they are numbers.
func (t *tableWriter) columns(rows [][]string, numbers bool) {
	if t.err != nil || len(rows) == 0 {
		return
	}
	var aligned strings.Builder
	var flags uint
	if numbers {
		flags = tabwriter.AlignRight
	}
	tabs := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', flags)
	for _, row := range rows {
		fmt.Fprintln(tabs, strings.Join(row, "\t")+"\t")
	}
	if t.err = tabs.Flush(); t.err != nil {
		return
	}
	for line := range strings.Lines(aligned.String()) {
		t.line(strings.TrimRight(line, " \n"))
	}
}

// summary writes how many there are in each section that says so.
func (t *tableWriter) summary(sections []planning.Section) {
	var rows [][]string
	for _, s := range sections {
		if s.Summary {
			rows = append(rows, []string{"  " + plain(triage.Say(s.Title)), strconv.Itoa(s.Count), strings.TrimPrefix(sinceBefore(s), ", ")})
		}
	}
	if len(rows) > 0 {
		t.line("")
		t.columns(rows, false)
	}
}

// section writes a section with its texts, its rows and its table.
func (t *tableWriter) section(s planning.Section) {
	title := plain(triage.Say(s.Title))
	if s.Summary {
		title += " (" + strconv.Itoa(s.Count) + ")"
	}
	t.line("\n" + title)
	for _, p := range s.Text {
		t.line("  " + plain(p))
	}
	t.columns(tableRows(s.Rows, "  "), false)
	if s.More > 0 {
		t.line(fmt.Sprintf("  and %d more", s.More))
	}
	if s.Table != nil {
		t.columns(tableCells(*s.Table), s.Table.Numbers)
	}
}

// tableRows are the columns of a list: box and issue, title, labels, text.
func tableRows(rows []planning.Row, indent string) [][]string {
	var all [][]string
	for _, r := range rows {
		first := indent
		if r.Box != planning.NoBox {
			first += "[" + string(r.Box) + "] "
		}
		if r.Issue == nil {
			all = append(all, []string{first + plain(r.Text)})
		} else {
			name, title, labels := issueColumns(*r.Issue)
			all = append(all, []string{first + name, title, labels, plain(r.Text)})
		}
		all = append(all, tableRows(r.Rows, indent+"  ")...)
	}
	return all
}

// issueColumns are an issue's number, its title and its labels.
func issueColumns(i planning.IssueRow) (name, title, labels string) {
	name = i.Path + "#" + strconv.FormatInt(i.IID, 10)
	switch {
	case i.Confidential && i.IID == 0:
		return i.Path, "(confidential)", ""
	case i.Confidential:
		return name, "(confidential)", ""
	}
	title = legible.Cut(legible.Printable(i.Title), maxCell)
	words := i.Labels
	if i.Status != "" {
		words = append(slices.Clip(words), i.Status)
	}
	return name, title, legible.Cut(legible.Printable(strings.Join(words, ", ")), maxCell)
}

// tableCells are the head and the rows of a table.
func tableCells(table planning.Table) [][]string {
	head := make([]string, len(table.Head))
	for n, p := range table.Head {
		head[n] = plain(p)
	}
	rows := [][]string{indented(head)}
	for _, r := range table.Rows {
		row := make([]string, len(r))
		for n, c := range r {
			row[n] = plain(c.Text)
		}
		rows = append(rows, indented(row))
	}
	return rows
}

func indented(row []string) []string {
	if len(row) > 0 {
		row[0] = "  " + row[0]
	}
	return row
}

// plain is a text without the marks of our own Markdown, on one line, for a terminal.
func plain(p triage.Prose) string {
	unmarked := make(triage.Prose, len(p))
	for n, piece := range p {
		piece.Trusted = label.ReplaceAllString(marks.Replace(piece.Trusted), "$1$2")
		unmarked[n] = piece
	}
	return legible.Printable(unmarked.Plain())
}

var (
	marks = strings.NewReplacer("**", "", "`", "")
	label = regexp.MustCompile(`~(?:"([^"]*)"|(\w))`)
)
