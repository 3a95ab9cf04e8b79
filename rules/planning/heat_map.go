package planning

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// heatMap counts the open bugs by priority, in rows, and severity, in columns, as the group level triage report does. Each number leads to its bugs.
func (s Snapshot) heatMap(all []*work) Section {
	var counts [5][5]int // by priority and severity; the last are those without
	section := Section{Name: "heat-map", Title: "Heat map of open bugs", Folded: true}
	for _, w := range all {
		if isBug(w) {
			counts[place(levelOf(w.i.Labels, s.Team, triage.PriorityScope))][place(levelOf(w.i.Labels, s.Team, triage.SeverityScope))]++
			section.Count++
		}
	}
	severities, priorities := labelsOf(s.Team, triage.SeverityScope), labelsOf(s.Team, triage.PriorityScope)
	table := &Table{Numbers: true, Head: []triage.Prose{triage.Say("")}}
	for _, l := range severities {
		table.Head = append(table.Head, triage.Say(triage.Quoted(l)))
	}
	table.Head = append(table.Head, triage.Say("No severity"))
	for p := range counts {
		name := "No priority"
		if p < len(priorities) {
			name = triage.Quoted(priorities[p])
		}
		row := []Cell{{Text: triage.Say(name)}}
		for v, n := range counts[p] {
			if n == 0 {
				row = append(row, Cell{Text: triage.Say("-")})
				continue
			}
			f := Filter{Labels: bugLabels(s.Team)}
			narrow(&f, priorities, p)
			narrow(&f, severities, v)
			row = append(row, Cell{Text: triage.Say(strconv.Itoa(n)), Filter: s.ofTeam(f)})
		}
		table.Rows = append(table.Rows, row)
	}
	section.Table = table
	return section
}

// place is where a level, 1 to 4 or 0 for none, stands in the map.
func place(level int) int { return (level + 4) % 5 }

// narrow makes a filter one of the label at a place, or of none of the labels.
func narrow(f *Filter, labels []string, place int) {
	if place < len(labels) {
		f.Labels = append(f.Labels, labels[place])
	} else {
		f.NotLabels = append(f.NotLabels, labels...)
	}
}
