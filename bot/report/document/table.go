package document

import (
	"strings"

	"flowkeeper/bot/note"
	"flowkeeper/rules/planning"
)

// writeMarkdownTable writes a table and a blank line.
func (o Options) writeMarkdownTable(b *strings.Builder, t planning.Table) {
	if len(t.Head) == 0 {
		return
	}
	head, rule := make([]string, len(t.Head)), make([]string, len(t.Head))
	for n, p := range t.Head {
		head[n], rule[n] = cellText(note.RenderProse(p)), "---"
		if t.Numbers && n > 0 {
			rule[n] = "---:"
		}
	}
	writeLine(b, head)
	writeLine(b, rule)
	for _, row := range t.Rows {
		cells := make([]string, len(t.Head))
		for n := range min(len(row), len(cells)) {
			cells[n] = o.linkToList(row[n].Filter, cellText(note.RenderProse(row[n].Text)))
		}
		writeLine(b, cells)
	}
	b.WriteString("\n")
}

func writeLine(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// cellText is Markdown that does not end its cell: a bar in it is escaped, if it is not already.
func cellText(markdown string) string {
	var b strings.Builder
	escaped := false
	for _, r := range markdown {
		if r == '|' && !escaped {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		escaped = r == '\\' && !escaped
	}
	return b.String()
}
