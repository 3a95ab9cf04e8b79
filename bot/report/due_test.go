package report_test

import (
	"strconv"
	"testing"
	"time"

	"flowkeeper/bot/report"
	"flowkeeper/rules/planning"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// TestTriageIsDueWeekly: at the same time of the day, also over the changes of the clocks; where clocks skip that time, as much later.
func TestTriageIsDueWeekly(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	calendar := planning.New(planning.Options{})
	for _, c := range []struct {
		day             time.Weekday
		at              time.Duration
		now, last, next string
	}{
		{time.Monday, 6 * time.Hour, "2026-11-30T05:59:59+01:00", "2026-11-23T06:00:00+01:00", "2026-11-30T06:00:00+01:00"},
		{time.Monday, 6 * time.Hour, "2026-11-30T06:00:00+01:00", "2026-11-30T06:00:00+01:00", "2026-12-07T06:00:00+01:00"},
		{time.Monday, 6 * time.Hour, "2026-10-25T12:00:00+01:00", "2026-10-19T06:00:00+02:00", "2026-10-26T06:00:00+01:00"}, // clocks go back on the 25th
		{time.Monday, 6 * time.Hour, "2026-03-29T12:00:00+02:00", "2026-03-23T06:00:00+01:00", "2026-03-30T06:00:00+02:00"}, // and forward on the 29th
		{time.Sunday, 150 * time.Minute, "2026-03-29T04:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-04-05T02:30:00+02:00"},
		{time.Monday, 30 * time.Minute, "2026-11-29T23:45:00Z", "2026-11-30T00:30:00+01:00", "2026-12-07T00:30:00+01:00"}, // it is Monday in Berlin
	} {
		s := report.Schedule{TriageDay: c.day, TriageAt: c.at, Location: berlin}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		last, ok := s.Last(planning.KindTriage, calendar, now)
		next, also := s.Next(planning.KindTriage, calendar, now)
		if !ok || !also || last.At.Format(time.RFC3339) != c.last || next.At.Format(time.RFC3339) != c.next {
			t.Errorf("at %s it was due %s and is next %s, want %s and %s", c.now, last.At.Format(time.RFC3339), next.At.Format(time.RFC3339), c.last, c.next)
		}
		if last.Key() != last.At.Format(time.DateOnly) {
			t.Errorf("the key of the report of %s is %s", c.last, last.Key())
		}
	}
}

// TestReportsOfMilestones are due on the calendar's key dates, which holidays move.
func TestReportsOfMilestones(t *testing.T) {
	calendar := planning.New(planning.Options{Holidays: []planning.Date{{Year: 2026, Month: time.December, Day: 7}}})
	s := report.Schedule{TriageDay: time.Monday, TriageAt: 6 * time.Hour, Location: time.UTC}
	for k, want := range map[planning.Kind]string{
		planning.KindPlanning:      "19.8 2026-12-08T06:00:00Z false", // not on Monday, the 7th
		planning.KindNeedsWeight:   "19.8 2026-12-08T06:00:00Z false",
		planning.KindBuild:         "19.8 2026-12-11T06:00:00Z false",
		planning.KindKickoff:       "19.8 2026-12-11T06:00:00Z false",
		planning.KindRetrospective: "19.7 2026-12-16T06:00:00Z true",
	} {
		next, ok := s.Next(k, calendar, monday)
		if got := next.Key() + " " + next.At.Format(time.RFC3339) + " " + strconv.FormatBool(next.Update); !ok || got != want {
			t.Errorf("%s is next due %s, want %s", k, got, want)
		}
	}
	if _, ok := s.Next(planning.KindSLO, calendar, monday); ok {
		t.Error("the slo report is due by itself")
	}
}
