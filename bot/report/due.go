package report

import (
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Due is a time at which a report is due.
type Due struct {
	Kind      planning.Kind
	Milestone planning.Version // zero for a kind that is of none
	At        time.Time
	Update    bool // the report is there already and is composed afresh
}

// Key names the report among those of its kind.
func (d Due) Key() string { return keyOf(d.Kind, d.Milestone, d.At) }

// keyOf is the key of a report: its milestone, or the day of a time in that time's location.
func keyOf(k planning.Kind, milestone planning.Version, now time.Time) string {
	if k.IsOfMilestone() {
		return milestone.String()
	}
	return planning.DateOf(now).String()
}

// scheduled are the reports that are due by themselves. Capacity comes with planning, and slo is only printed.
var scheduled = []planning.Kind{
	planning.KindTriage, planning.KindPlanning, planning.KindNeedsWeight, planning.KindBuild, planning.KindKickoff, planning.KindRetrospective,
}

// occasions are the key dates on which reports of a milestone are due.
var occasions = map[planning.Kind][]planning.Occasion{
	planning.KindPlanning:      {planning.Planning},
	planning.KindNeedsWeight:   {planning.NeedsWeight},
	planning.KindBuild:         {planning.Build},
	planning.KindKickoff:       {planning.Kickoff},
	planning.KindRetrospective: {planning.Retrospective, planning.RetrospectiveUpdate},
}

// window is how many days around now are looked through for key dates: more than lie between those of one milestone and of the next.
const window = 50

// Last is when a report was last due, at or before now; not ok if it never is.
func (s Schedule) Last(k planning.Kind, c planning.Calendar, now time.Time) (due Due, ok bool) {
	today := planning.DateOf(now.In(s.Location))
	for _, d := range s.dues(k, c, today.AddDays(-window), today) {
		if !d.At.After(now) {
			due, ok = d, true
		}
	}
	return due, ok
}

// Next is when a report is due next, after now; not ok if it never is.
func (s Schedule) Next(k planning.Kind, c planning.Calendar, now time.Time) (due Due, ok bool) {
	today := planning.DateOf(now.In(s.Location))
	for _, d := range s.dues(k, c, today, today.AddDays(window)) {
		if d.At.After(now) {
			return d, true
		}
	}
	return Due{}, false
}

// dues are the times at which a report is due on some days, the first one first.
func (s Schedule) dues(k planning.Kind, c planning.Calendar, from, to planning.Date) []Due {
	var all []Due
	if k == planning.KindTriage {
		first := from.AddDays(int(s.TriageDay-from.Weekday()+7) % 7)
		for d := first; !d.After(to); d = d.AddDays(7) {
			all = append(all, Due{Kind: k, At: s.At(d)})
		}
		return all
	}
	for _, day := range c.KeyDatesBetween(from, to) {
		for n, o := range occasions[k] {
			if day.Occasion == o {
				all = append(all, Due{Kind: k, Milestone: day.Milestone, At: s.At(day.Date), Update: n > 0})
			}
		}
	}
	return all
}

// At is the time of a day at which reports are due. Where clocks skip that time, it is as much later as they skip.
func (s Schedule) At(d planning.Date) time.Time {
	hour, minute := int(s.TriageAt/time.Hour), int(s.TriageAt%time.Hour/time.Minute)
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, s.Location)
}

// mode is what happens with a report when it is due.
func (s Schedule) mode(k planning.Kind) triage.Mode {
	if k == planning.KindCapacity {
		k = planning.KindPlanning
	}
	return s.Modes[k]
}

// Enabled reports whether anything ever happens by itself.
func (s Schedule) Enabled() bool {
	for _, k := range scheduled {
		if s.mode(k) != triage.Off {
			return true
		}
	}
	return false
}

// isShadow reports whether nothing that is due is published.
func (s Schedule) isShadow() bool {
	for _, k := range scheduled {
		if s.mode(k) == triage.Act {
			return false
		}
	}
	return true
}
