// Package planning is what a team does by date: its releases, milestones, working days and the days on which something is due. It is pure; who
// calls it says which day it is.
package planning

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day without time and place, as milestones have it. The zero value is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day on which t falls in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// ParseDate reads a day as GitLab writes it: 2026-11-30.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%.40q is not a date: write one such as 2026-11-30", s)
	}
	return DateOf(t), nil
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String is the day as 2026-11-30, "" for none.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.midnight().Format(time.DateOnly)
}

// MarshalText implements encoding.TextMarshaler; no date is an empty text.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an empty text is no date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// AddDays is the day n days later, or earlier if n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.midnight().AddDate(0, 0, n)) }

// AddMonths is the same day n months later, or the last of that month if it has no such day.
func (d Date) AddMonths(n int) Date {
	first := Date{d.Year, d.Month, 1}.midnight().AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1)
	return Date{first.Year(), first.Month(), min(d.Day, last.Day())}
}

// DaysSince is the number of days from another day to this one, negative if the other is later.
func (d Date) DaysSince(other Date) int {
	return int(d.midnight().Sub(other.midnight()) / (24 * time.Hour))
}

// Compare is negative if the day is before another, 0 if they are the same, positive if it is after.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Before reports whether the day is before another.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After reports whether the day is after another.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// last is the last such day of the week before d.
func (d Date) last(day time.Weekday) Date {
	back := int(d.Weekday()-day+7) % 7
	if back == 0 {
		back = 7
	}
	return d.AddDays(-back)
}

func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
