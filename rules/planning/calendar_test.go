package planning_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/planning"
)

// handbook is what GitLab's group milestones say, and the releases that were announced.
var handbook = []struct{ title, start, end, release string }{
	{"16.7", "2023-11-11", "2023-12-15", "2023-12-21"},
	{"16.8", "2023-12-16", "2024-01-12", "2024-01-18"},
	{"16.11", "2024-03-16", "2024-04-12", "2024-04-18"},
	{"17.0", "2024-04-13", "2024-05-10", "2024-05-16"},
	{"17.9", "2025-01-11", "2025-02-14", "2025-02-20"},
	{"17.10", "2025-02-15", "2025-03-14", "2025-03-20"},
	{"17.11", "2025-03-15", "2025-04-11", "2025-04-17"},
	{"18.0", "2025-04-12", "2025-05-09", "2025-05-15"},
	{"18.1", "2025-05-10", "2025-06-13", "2025-06-19"},
	{"18.2", "2025-06-14", "2025-07-11", "2025-07-17"},
	{"18.3", "2025-07-12", "2025-08-15", "2025-08-21"},
	{"18.4", "2025-08-16", "2025-09-12", "2025-09-18"},
	{"18.5", "2025-09-13", "2025-10-10", "2025-10-16"},
	{"18.6", "2025-10-11", "2025-11-14", "2025-11-20"},
	{"18.7", "2025-11-15", "2025-12-12", "2025-12-18"},
	{"18.8", "2025-12-13", "2026-01-09", "2026-01-15"},
	{"18.9", "2026-01-10", "2026-02-13", "2026-02-19"},
	{"18.10", "2026-02-14", "2026-03-13", "2026-03-19"},
	{"18.11", "2026-03-14", "2026-04-10", "2026-04-16"},
	{"19.0", "2026-04-11", "2026-05-15", "2026-05-21"},
	{"19.1", "2026-05-16", "2026-06-12", "2026-06-18"},
	{"19.2", "2026-06-13", "2026-07-10", "2026-07-16"},
	{"19.3", "2026-07-11", "2026-08-14", "2026-08-20"},
	{"19.4", "2026-08-15", "2026-09-11", "2026-09-17"},
	{"19.5", "2026-09-12", "2026-10-09", "2026-10-15"},
	{"19.6", "2026-10-10", "2026-11-13", "2026-11-19"},
}

func TestHandbookMilestones(t *testing.T) {
	var all []planning.MilestoneDates
	for _, row := range handbook {
		all = append(all, own(row.title, row.start, row.end))
	}
	byRule, byGitLab := planning.New(planning.Options{}), planning.New(planning.Options{Milestones: all})
	for _, row := range handbook {
		m := byRule.Milestone(version(t, row.title))
		want := planning.Milestone{
			Version: version(t, row.title), WorkingDays: (date(row.end).DaysSince(date(row.start)) + 1) / 7 * 5,
			Start: planning.Day{Date: date(row.start)}, End: planning.Day{Date: date(row.end)}, Release: planning.Day{Date: date(row.release)},
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("%s by rule (-want +got):\n%s", row.title, diff)
		}
		want.Start.From, want.End.From = row.title, row.title
		if diff := cmp.Diff(want, byGitLab.Milestone(version(t, row.title))); diff != "" {
			t.Errorf("%s by GitLab's dates (-want +got):\n%s", row.title, diff)
		}
	}
	if found := byGitLab.Problems(date("2023-11-11"), date("2026-11-19")); len(found) > 0 {
		t.Errorf("GitLab's own milestones have problems: %q", found)
	}
}

// Each date of a milestone wins by itself, and the next one begins where it ends.
func TestOwnDatesWin(t *testing.T) {
	c := planning.New(planning.Options{Milestones: []planning.MilestoneDates{
		own("16.7", "2023-11-13", ""), own("19.6", "", "2026-11-11"), own("Backlog", "2026-11-01", "2026-11-02"), own("19.8", "", ""),
	}})
	for _, tt := range []struct {
		title, start, from, end, endFrom string
		days                             int
	}{
		{"16.7", "2023-11-13", "16.7", "2023-12-15", "", 25},
		{"19.6", "2026-10-10", "", "2026-11-11", "19.6", 23},
		{"19.7", "2026-11-12", "19.6", "2026-12-11", "", 22},
		{"19.8", "2026-12-12", "", "2027-01-15", "", 25},
	} {
		m := c.Milestone(version(t, tt.title))
		want := planning.Milestone{
			Version: version(t, tt.title), WorkingDays: tt.days, Release: m.Release,
			Start: planning.Day{Date: date(tt.start), From: tt.from}, End: planning.Day{Date: date(tt.end), From: tt.endFrom},
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.title, diff)
		}
	}
}

func TestKeyDates(t *testing.T) {
	c := planning.New(planning.Options{
		Holidays:   []planning.Date{date("2026-11-09"), date("2026-11-10"), date("2026-12-16"), date("2026-12-17")},
		Milestones: []planning.MilestoneDates{own("19.6", "2026-10-10", "2026-11-13")},
	})
	type row struct {
		Date, Planned, From string
		What                planning.Occasion
	}
	var got []row
	for _, k := range c.KeyDates(version(t, "19.7")) {
		got = append(got, row{k.Date.String(), k.Planned.String(), k.From, k.Occasion})
	}
	want := []row{
		{"2026-11-11", "2026-11-09", "19.6", planning.Planning},
		{"2026-11-11", "2026-11-09", "19.6", planning.NeedsWeight},
		{"2026-11-13", "", "19.6", planning.Build},
		{"2026-11-13", "", "19.6", planning.Kickoff},
		{"2026-11-14", "", "19.6", planning.Start},
		{"2026-11-25", "", "19.6", planning.Retrospective},
		{"2026-12-11", "", "", planning.End},
		{"2026-12-17", "", "", planning.Release},
		{"2026-12-18", "2026-12-16", "", planning.RetrospectiveUpdate},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("key dates (-want +got):\n%s", diff)
	}
}

func TestAt(t *testing.T) {
	c := planning.New(planning.Options{Milestones: []planning.MilestoneDates{own("19.7", "2026-11-16", "2026-12-04"), own("20.0", "", "2027-06-03")}})
	for day, want := range map[string]string{
		"2026-11-13": "19.6", "2026-11-14": "19.7", "2026-11-16": "19.7", "2026-12-04": "19.7", "2026-12-05": "19.8", "2027-01-15": "19.8", "2027-01-16": "19.9",
		"2027-06-03": "20.0", "2027-06-04": "20.1",
	} {
		if got := c.At(date(day)).Version; got != version(t, want) {
			t.Errorf("on %s it is %s, want %s", day, got, want)
		}
	}
}

// The Friday before a release may be in the month before, and that before a Friday is a week before.
func TestCadence(t *testing.T) {
	for _, tt := range []struct {
		cadence                   planning.Cadence
		says, start, end, release string
	}{
		{planning.Cadence{Weekday: time.Monday, Nth: 1}, "first Monday", "2026-10-03", "2026-10-30", "2026-11-02"},
		{planning.Cadence{Weekday: time.Friday, Nth: 4}, "fourth Friday", "2026-10-17", "2026-11-20", "2026-11-27"},
	} {
		m := planning.New(planning.Options{Release: tt.cadence}).Milestone(version(t, "19.6"))
		got := []string{tt.cadence.String(), m.Start.Date.String(), m.End.Date.String(), m.Release.Date.String()}
		if want := []string{tt.says, tt.start, tt.end, tt.release}; !slices.Equal(want, got) {
			t.Errorf("19.6 is %v, want %v", got, want)
		}
	}
}

// A milestone far off the rule counts versions otherwise.
func TestFarOff(t *testing.T) {
	for due, used := range map[string]bool{"2026-09-29": true, "2026-09-28": false, "2026-12-28": true, "2026-12-29": false} {
		c := planning.New(planning.Options{Milestones: []planning.MilestoneDates{own("19.6", "", due)}})
		if got := c.Milestone(version(t, "19.6")).End.Date == date(due); got != used {
			t.Errorf("milestone 19.6 until %s is used: %v, want %v", due, got, used)
		}
	}
}

func TestProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		own      []planning.MilestoneDates
		holidays []planning.Date
		want     []string
	}{
		"none":                {own: []planning.MilestoneDates{own("19.6", "2026-10-10", "2026-11-13"), own("19.6", "2026-10-10", "2026-11-13"), own("Backlog", "", "2030-01-01")}},
		"only Sunday between": {own: []planning.MilestoneDates{own("19.7", "2026-11-15", "")}},
		"two of a title": {
			own:  []planning.MilestoneDates{own("19.6", "2026-10-10", "2026-11-13"), own("19.6", "", "2026-11-12")},
			want: []string{"there are several milestones 19.6: the one from 2026-10-10 to 2026-11-13 is used, not the one until 2026-11-12; close or rename those that are not meant"},
		},
		"versions of something else": {
			own:  []planning.MilestoneDates{own("3.1", "2026-11-01", "")},
			want: []string{"milestone 3.1 has the date 2026-11-01, but by its title it is the release of 2010-06-17: it is left out; correct its dates or its title"},
		},
		"ends before it begins": {
			own: []planning.MilestoneDates{own("19.6", "2026-10-12", "2026-10-10")},
			want: []string{
				"milestone 19.6 begins on 2026-10-12 and ends before, on 2026-10-10: correct its dates in GitLab",
			},
		},
		"ends after the release": {
			own:  []planning.MilestoneDates{own("19.6", "", "2026-11-20")},
			want: []string{"milestone 19.6 ends on 2026-11-20, not before its release on 2026-11-19: correct its due date in GitLab or calendar.release"},
		},
		"overlap": {
			own:  []planning.MilestoneDates{own("19.7", "2026-11-13", "")},
			want: []string{"milestone 19.7 begins on 2026-11-13, but 19.6 ends on 2026-11-13: correct one of the two in GitLab"},
		},
		"gap": {
			own:  []planning.MilestoneDates{own("19.7", "2026-11-17", "")},
			want: []string{"no milestone has the working days between 2026-11-13, when 19.6 ends, and 2026-11-17, when 19.7 begins: correct one of the two in GitLab"},
		},
		"no working day": {
			own:      []planning.MilestoneDates{own("19.7", "", "2026-11-16")},
			holidays: []planning.Date{date("2026-11-16")},
			want:     []string{"milestone 19.7 (2026-11-14 to 2026-11-16) has no working day: correct its dates in GitLab or calendar.holidays"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := planning.New(planning.Options{Milestones: tt.own, Holidays: tt.holidays})
			if diff := cmp.Diff(tt.want, c.Problems(date("2026-10-15"), date("2026-11-19"))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	early := planning.New(planning.Options{Milestones: []planning.MilestoneDates{own("19.6", "", "2026-11-20")}})
	if found := early.Problems(date("2027-06-01"), date("2027-12-01")); len(found) > 0 {
		t.Errorf("problems of other times: %q", found)
	}
}

func own(title, start, due string) planning.MilestoneDates {
	return planning.MilestoneDates{Title: title, Start: date(start), Due: date(due)}
}

// date is a day; a test that writes none wants none.
func date(s string) planning.Date {
	var d planning.Date
	if err := d.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return d
}

func version(t *testing.T, title string) planning.Version {
	t.Helper()
	v, ok := planning.ParseVersion(title)
	if !ok {
		t.Fatalf("%q is no version", title)
	}
	return v
}
