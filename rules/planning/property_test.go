package planning_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/rules/planning"
)

// The first and the last version whose release is in 2023 to 2040.
var (
	firstVersion = planning.Version{Major: 15, Minor: 8}
	lastVersion  = planning.Version{Major: 33, Minor: 7}
)

// TestRule looks at every milestone of 2023 to 2040 as the rule has it.
func TestRule(t *testing.T) {
	c := planning.New(planning.Options{})
	previous, seen := c.Milestone(firstVersion.Previous()), 0
	for v := firstVersion; v != lastVersion.Next(); v = v.Next() {
		m := c.Milestone(v)
		start, end, release := m.Start.Date, m.End.Date, m.Release.Date
		first := firstVersion
		months := 12*(v.Major-first.Major) + v.Minor - first.Minor
		if want := (planning.Date{Year: 2023, Month: time.January, Day: release.Day}).AddMonths(months); release != want {
			t.Fatalf("%s is released on %s, want a day as %s", v, release, want)
		}
		if release.Weekday() != time.Thursday || release.Day < 15 || release.Day > 21 {
			t.Errorf("%s is released on %s, no third Thursday", v, release)
		}
		if end != release.AddDays(-6) || start != previous.End.Date.AddDays(1) || start != previous.Release.Date.AddDays(-5) {
			t.Errorf("%s runs from %s to %s; the one before ended on %s", v, start, end, previous.End.Date)
		}
		if days := end.DaysSince(start) + 1; days != 28 && days != 35 || m.WorkingDays*7 != days*5 {
			t.Errorf("%s has %d days, %d of them working days", v, days, m.WorkingDays)
		}
		want := map[planning.Occasion]planning.Date{
			planning.Planning: start.AddDays(-5), planning.NeedsWeight: start.AddDays(-5), planning.Build: start.AddDays(-1), planning.Kickoff: start.AddDays(-1),
			planning.Start: start, planning.Retrospective: start.AddDays(11), planning.End: end, planning.RetrospectiveUpdate: release.AddDays(-1), planning.Release: release,
		}
		got := map[planning.Occasion]planning.Date{}
		for _, k := range c.KeyDates(v) {
			got[k.Occasion] = k.Date
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("key dates of %s (-want +got):\n%s", v, diff)
		}
		for _, d := range []planning.Date{start, start.AddDays(13), end} {
			if at := c.At(d).Version; at != v {
				t.Errorf("on %s it is %s, want %s", d, at, v)
			}
		}
		if again, ok := planning.ParseVersion(v.String()); !ok || again != v || v.Next().Previous() != v {
			t.Errorf("%s reads as %s", v, again)
		}
		previous = m
		seen++
	}
	if seen != 18*12 {
		t.Errorf("%d milestones in 18 years", seen)
	}
}

// TestCalendar draws holidays and milestones whose dates are off the rule by up to a month.
func TestCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cadence := planning.Cadence{Weekday: time.Weekday(rapid.IntRange(1, 5).Draw(t, "weekday")), Nth: rapid.IntRange(1, 4).Draw(t, "nth")}
		byRule := planning.New(planning.Options{Release: cadence})
		middle := planning.Version{Major: rapid.IntRange(firstVersion.Major+1, lastVersion.Major-1).Draw(t, "major"), Minor: rapid.IntRange(0, 11).Draw(t, "minor")}
		from := byRule.Milestone(middle).Start.Date
		o := planning.Options{Release: cadence}
		for range rapid.IntRange(0, 20).Draw(t, "holidays") {
			o.Holidays = append(o.Holidays, from.AddDays(rapid.IntRange(-60, 60).Draw(t, "holiday")))
		}
		told := map[planning.Version]planning.MilestoneDates{}
		for v := middle.Previous(); v != middle.Next().Next(); v = v.Next() {
			rule, m := byRule.Milestone(v), planning.MilestoneDates{Title: v.String()}
			if rapid.Bool().Draw(t, "tells start") {
				m.Start = rule.Start.Date.AddDays(rapid.IntRange(-30, 30).Draw(t, "start"))
			}
			if rapid.Bool().Draw(t, "tells due") {
				m.Due = rule.End.Date.AddDays(rapid.IntRange(-30, 30).Draw(t, "due"))
			}
			told[v] = m
			o.Milestones = append(o.Milestones, m)
		}
		c := planning.New(o)

		var all []planning.KeyDate
		for v := middle; v.Major > middle.Major-1 || v.Minor != middle.Minor; v = v.Previous() {
			all = append(all, c.KeyDates(v)...)
		}
		for v := middle.Next(); v.Major < middle.Major+1 || v.Minor != middle.Minor; v = v.Next() {
			all = append(all, c.KeyDates(v)...)
		}
		for _, k := range all {
			checkMove(t, c.WorkingDays(), k)
		}
		checkOwnDates(t, c, told)
		from = from.AddDays(rapid.IntRange(-60, 60).Draw(t, "from"))
		checkBetween(t, c, all, from, from.AddDays(rapid.IntRange(0, 60).Draw(t, "days")))
	})
}

// checkMove: a duty is on a working day, moved only if it has to be, and no farther than to the next one. Other dates stay.
func checkMove(t *rapid.T, work planning.WorkingDays, k planning.KeyDate) {
	switch {
	case !k.Occasion.IsDuty() && !k.Planned.IsZero():
		t.Errorf("%v was moved", k)
	case k.Occasion.IsDuty() && !work.Has(k.Date):
		t.Errorf("%v is on no working day", k)
	case !k.Planned.IsZero() && (!k.Planned.Before(k.Date) || work.Count(k.Planned, k.Date) != 1):
		t.Errorf("%v was moved too far, or for nothing", k)
	}
}

// checkOwnDates: what a milestone tells is its date.
func checkOwnDates(t *rapid.T, c planning.Calendar, told map[planning.Version]planning.MilestoneDates) {
	for v, own := range told {
		m := c.Milestone(v)
		if !own.Start.IsZero() && m.Start != (planning.Day{Date: own.Start, From: own.Title}) {
			t.Errorf("%v begins on %v", own, m.Start)
		}
		if !own.Due.IsZero() && m.End != (planning.Day{Date: own.Due, From: own.Title}) {
			t.Errorf("%v ends on %v", own, m.End)
		}
		if own.Start.IsZero() && m.Start.Date != c.Milestone(v.Previous()).End.Date.AddDays(1) {
			t.Errorf("%v begins on %v, not the day after the one before", own, m.Start)
		}
	}
}

// checkBetween: no key date is missing between two days, and they are in order.
func checkBetween(t *rapid.T, c planning.Calendar, all []planning.KeyDate, from, to planning.Date) {
	got := c.KeyDatesBetween(from, to)
	if !slices.IsSortedFunc(got, func(a, b planning.KeyDate) int { return a.Date.Compare(b.Date) }) {
		t.Errorf("not in order: %v", got)
	}
	want := slices.DeleteFunc(slices.Clone(all), func(k planning.KeyDate) bool { return k.Date.Before(from) || k.Date.After(to) })
	for _, k := range want {
		if !slices.Contains(got, k) {
			t.Errorf("from %s to %s there is no %v", from, to, k)
		}
	}
	if len(got) != len(want) {
		t.Errorf("from %s to %s there are %d dates, want %d", from, to, len(got), len(want))
	}
}
