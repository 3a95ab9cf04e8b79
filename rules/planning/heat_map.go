package planning

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// heatMap counts the open bugs by priority, in rows, and severity, in columns, as the group level triage report does. Each number leads to its bugs.
func (s Snapshot) heatMap(all []*work) Section {
	severities, priorities := s.Team.Severity.Labels(), s.Team.Priority.Labels()
	counts := make([][]int, len(priorities)+1) // by priority and severity; the last are those without
	for p := range counts {
		counts[p] = make([]int, len(severities)+1)
	}
	section := Section{Name: "heat-map", Title: "Heat map of open bugs", Folded: true}
	for _, w := range all {
		if isBug(w) {
			counts[place(rankOf(w.i.Labels, s.Team, triage.PriorityScope), priorities)][place(rankOf(w.i.Labels, s.Team, triage.SeverityScope), severities)]++
			section.Count++
		}
	}
	table := &Table{Numbers: true, Head: []triage.Prose{triage.Say("")}}
	for _, l := range severities {
		table.Head = append(table.Head, triage.Say(triage.Quoted(l)))
	}
	table.Head = append(table.Head, triage.Say(noneOf(s.Team.Severity, "severity")))
	for p := range counts {
		name := noneOf(s.Team.Priority, "priority")
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

// place is where a level stands in the map by its rank, -1 for none.
func place(rank int, labels []string) int {
	if rank < 0 {
		return len(labels)
	}
	return rank
}

// noneOf heads what has no level, or, for a team without such levels, everything.
func noneOf(levels *triage.Levels, noun string) string {
	if levels.Off() {
		return "All"
	}
	return "No " + noun
}

// narrow makes a filter one of the label at a place, or of none of the labels.
func narrow(f *Filter, labels []string, place int) {
	if place < len(labels) {
		f.Labels = append(f.Labels, labels[place])
	} else {
		f.NotLabels = append(f.NotLabels, labels...)
	}
}
