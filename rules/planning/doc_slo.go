package planning

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// composeSLO follows "Severity SLOs": the bugs that are past the limit of their severity, and those that are near it, the most severe first.
func composeSLO(s Snapshot) (Document, error) {
	day := s.today()
	d := Document{Kind: KindSLO, Key: day.String(), Title: fmt.Sprintf("%s - SLO of %q", day, s.groupName())}
	all := s.triaged()
	table, clocks := s.sloTable(all)
	if clocks == 0 {
		d.Empty = true
		d.Intro = []triage.Prose{triage.Say("No open bug has a severity with a limit.")}
		if why := s.Team.Lacks(triage.UsesSeverities); why != "" {
			d.Intro = []triage.Prose{triage.Say("No bug has a limit: " + why + ".")}
		}
		return d, nil
	}
	for _, list := range triageLists {
		if list.name != "past-slo" && list.name != "near-slo" {
			continue
		}
		list.uncapped, list.compare = true, mostSevere
		section := s.triageSection(list, s.chosen(list, all))
		section.Text = nil
		for n := range section.Rows {
			section.Rows[n].Box = NoBox
		}
		d.Sections = append(d.Sections, section)
	}
	d.Sections = append(d.Sections, table)
	return d, nil
}

// sloTable counts by severity how many bugs are in time, near their limit and past it. Clocks is the number of all of them.
func (s Snapshot) sloTable(all []*work) (section Section, clocks int) {
	counts := make([][3]int, len(s.Options.SLO.Bug))
	for _, w := range all {
		if c, _, ok := s.Options.SLO.ClockOf(w.i, s.Team); ok {
			counts[c.Rank][c.State(s.Now)]++
			clocks++
		}
	}
	table := &Table{Numbers: true}
	for _, head := range []string{"", "Limit", "Infradev", "In time", "Near", "Past"} {
		table.Head = append(table.Head, triage.Say(head))
	}
	severities := s.Team.Severity.Labels()
	for n, label := range severities[:min(len(severities), len(counts))] {
		row := []Cell{{Text: triage.Say(triage.Quoted(label))}}
		for _, text := range []string{days(s.Options.SLO.Bug[n]), days(s.Options.SLO.Infradev[n]), dash(counts[n][InTime]), dash(counts[n][NearSLO]), dash(counts[n][PastSLO])} {
			row = append(row, Cell{Text: triage.Say(text)})
		}
		table.Rows = append(table.Rows, row)
	}
	return Section{Name: "by-severity", Title: "By severity", Table: table}, clocks
}

// dash is a count in a table.
func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// days is a limit in days, which it has a whole number of unless it was configured otherwise.
func days(d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	return strconv.FormatFloat(d.Hours()/24, 'f', -1, 64) + " d"
}

// sloState is how far the clock of an issue has run; one without a clock is in time.
func (s Snapshot) sloState(i *Issue) SLOState {
	c, _, ok := s.Options.SLO.ClockOf(i, s.Team)
	if !ok {
		return InTime
	}
	return c.State(s.Now)
}

// overText says for how long a bug has been past its limit, and what is planned.
func overText(s Snapshot, w *work) triage.Prose {
	c, approximate, _ := s.Options.SLO.ClockOf(w.i, s.Team)
	over := "at its limit today"
	if n := int(s.Now.Sub(c.PastAt()) / (24 * time.Hour)); n > 0 {
		over = countOf(n, "day") + " over"
	}
	return planned(over+byAge(approximate), w.i)
}

// limitText says when a bug reaches its limit, and what is planned.
func limitText(s Snapshot, w *work) triage.Prose {
	c, approximate, _ := s.Options.SLO.ClockOf(w.i, s.Team)
	return planned(DateOf(c.PastAt().In(s.Now.Location())).inWords()+byAge(approximate), w.i)
}

// byAge says that it is not known when a bug got its severity, so that its clock runs from its creation.
func byAge(approximate bool) string {
	if approximate {
		return " by its age"
	}
	return ""
}

// planned adds in which milestone an issue is, and whose it is.
func planned(clock string, i *Issue) triage.Prose {
	text := triage.Say(clock)
	if i.Milestone == "" {
		text = text.Say(", no milestone")
	} else {
		text = text.Say(", ").Untrusted(i.Milestone)
	}
	if len(i.Assignees) > 0 {
		text = append(text.Say(", "), unmentionedAll(i.Assignees)...)
	}
	return text
}

// mostOverdue puts first what is longest past its limit, or nearest to it.
func mostOverdue(s Snapshot, a, b *work) int {
	clockA, _, _ := s.Options.SLO.ClockOf(a.i, s.Team)
	clockB, _, _ := s.Options.SLO.ClockOf(b.i, s.Team)
	return cmp.Or(clockA.PastAt().Compare(clockB.PastAt()), byNumber(a.i, b.i))
}

// mostSevere puts the most severe first, of these the most overdue.
func mostSevere(s Snapshot, a, b *work) int {
	clockA, _, _ := s.Options.SLO.ClockOf(a.i, s.Team)
	clockB, _, _ := s.Options.SLO.ClockOf(b.i, s.Team)
	return cmp.Or(cmp.Compare(clockA.Rank, clockB.Rank), mostOverdue(s, a, b))
}
