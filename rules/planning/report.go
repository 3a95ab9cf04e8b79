package planning

import (
	"cmp"
	"maps"
	"slices"

	"flowkeeper/rules/triage"
)

// Report is a report as its issue shows it. Without a kind, the issue is no report of the bot's.
type Report struct {
	Kind  Kind
	Key   string
	State State // of all its blocks together, as far as commands change it
}

// FactsFor is what a command of this person may know of the report.
func (r Report) FactsFor(username string) triage.ReportFacts {
	f := triage.ReportFacts{ReportName: triage.ReportName{Kind: string(r.Kind), Key: r.Key}}
	for _, d := range r.State.Away[keyOf(r.State.Away, username)] {
		f.Away = append(f.Away, triage.Days{From: d.From.String(), To: d.To.String()})
	}
	for _, issue := range slices.Sorted(maps.Keys(r.State.Takes)) {
		if ref, err := triage.ParseRef(issue); err == nil && triage.HasUsername(r.State.Takes[issue], username) {
			f.Takes = append(f.Takes, ref)
		}
	}
	return f
}

// Edited is the state with what a command changes. The same change made again changes nothing, nor does one with days that are none.
func (s State) Edited(e triage.ReportEdit) State {
	if e.Person == "" {
		return s
	}
	name := keyOf(s.Away, e.Person)
	from, to, back := dayOf(e.AwayFrom), dayOf(e.AwayTo), dayOf(e.Back)
	away := s.Away[name]
	if !from.IsZero() && !to.Before(from) {
		away = withDays(away, DateRange{from, to})
	}
	if !back.IsZero() {
		away = endedBefore(away, back)
	}
	if !slices.Equal(away, s.Away[name]) {
		s.Away = changed(s.Away, name, away)
	}
	if e.Takes != nil {
		issue := e.Takes.String()
		if takers := s.Takes[issue]; !triage.HasUsername(takers, e.Person) {
			s.Takes = changed(s.Takes, issue, append(slices.Clone(takers), e.Person))
		}
	}
	return s
}

// Inherited is what the next report takes over from the state of its predecessor: when people are away from a day on, what they would like to do,
// and its counts, for what changed since. Who was to weigh what, or was mailed, is that report's alone.
func (s State) Inherited(day Date) State {
	next := State{Key: s.Key, Counts: s.Counts, Takes: s.Takes}
	for name, away := range s.Away {
		away = slices.DeleteFunc(slices.Clone(away), func(r DateRange) bool { return r.To.Before(day) })
		if len(away) > 0 {
			next.Away = changed(next.Away, name, away)
		}
	}
	return next
}

// Precedes reports whether a report with one key comes before the one with another among those of its kind.
func Precedes(key, other string) bool {
	v, ok := ParseVersion(key)
	w, okToo := ParseVersion(other)
	if ok && okToo {
		return v.months() < w.months()
	}
	return key < other
}

// dayOf reads a day, zero if it is none.
func dayOf(text string) Date {
	d, err := ParseDate(text)
	if err != nil {
		return Date{}
	}
	return d
}

// withDays adds some days, in order of their beginning. Those that overlap become one.
func withDays(away []DateRange, more DateRange) []DateRange {
	var all []DateRange
	for _, d := range away {
		if d.To.Before(more.From) || d.From.After(more.To) {
			all = append(all, d)
			continue
		}
		if d.From.Before(more.From) {
			more.From = d.From
		}
		if d.To.After(more.To) {
			more.To = d.To
		}
	}
	all = append(all, more)
	slices.SortFunc(all, func(a, b DateRange) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	return all
}

// endedBefore ends what holds a day on the one before; what begins on it goes.
func endedBefore(away []DateRange, day Date) []DateRange {
	var all []DateRange
	for _, d := range away {
		switch {
		case d.From == day:
			continue
		case d.From.Before(day) && !d.To.Before(day):
			d.To = day.AddDays(-1)
		}
		all = append(all, d)
	}
	return all
}

// changed is a copy of the map with another list for a key; without any, the key goes.
func changed[V any](m map[string][]V, key string, list []V) map[string][]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string][]V{}
	}
	m[key] = list
	if len(list) == 0 {
		delete(m, key)
	}
	return m
}

// keyOf is a username as the map has it already, in whatever case.
func keyOf[V any](m map[string]V, username string) string {
	for name := range m {
		if triage.SameUsername(name, username) {
			return name
		}
	}
	return username
}
