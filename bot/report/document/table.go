package document

import (
	"strings"

	"flowkeeper/bot/note"
	"flowkeeper/rules/planning"
)

// writeMarkdownTable writes a table and a blank line. Bars in people's words are escaped, our own texts have none.
func (o Options) writeMarkdownTable(b *strings.Builder, t planning.Table) {
	if len(t.Head) == 0 {
		return
	}
	head, rule := make([]string, len(t.Head)), make([]string, len(t.Head))
	for n, p := range t.Head {
		head[n], rule[n] = note.RenderProse(p), "---"
		if t.Numbers && n > 0 {
			rule[n] = "---:"
		}
	}
	writeLine(b, head)
	writeLine(b, rule)
	for _, row := range t.Rows {
		cells := make([]string, len(t.Head))
		for n := range min(len(row), len(cells)) {
			cells[n] = o.linkToList(row[n].Filter, note.RenderProse(row[n].Text))
		}
		writeLine(b, cells)
	}
	b.WriteString("\n")
}

func writeLine(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
