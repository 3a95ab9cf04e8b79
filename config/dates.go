package config

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // so that a place is known on every machine

	"flowkeeper/rules/planning"
)

// weekdayValue is a day from Monday to Friday.
func weekdayValue(field *time.Weekday, standard time.Weekday) scalar[time.Weekday] {
	var names []string
	for d := time.Monday; d <= time.Friday; d++ {
		names = append(names, formatWeekday(d))
	}
	return scalar[time.Weekday]{
		field: field, standard: standard, want: "one of " + joinWords(names), allowed: strings.Join(names, ", "), form: anyCase(names), format: formatWeekday,
		parse: func(lit literal) (time.Weekday, *diagnostic) {
			n := slices.Index(names, strings.ToLower(lit.text))
			if n < 0 {
				return 0, diagnosticf("allowed: "+strings.Join(names, ", "), "%s is not a day of the working week", quote(lit.text))
			}
			return time.Monday + time.Weekday(n), nil
		},
	}
}

func formatWeekday(d time.Weekday) string { return strings.ToLower(d.String()) }

// holidayList is a list of days.
func holidayList(field *[]planning.Date) listValue {
	return listValue{
		want: "days", example: "[2026-12-25, 2027-01-01]", form: dayShape, item: parseDay,
		get: func() []string {
			var days []string
			for _, d := range *field {
				days = append(days, d.String())
			}
			return days
		},
		put: func(days []string) {
			*field = nil
			for _, s := range days {
				if d, err := planning.ParseDate(s); err == nil { // parseDay has seen to that
					*field = append(*field, d)
				}
			}
		},
	}
}

// parseDay reads a day such as 2026-12-25.
func parseDay(lit literal) (string, *diagnostic) {
	if _, err := planning.ParseDate(lit.text); err != nil {
		return "", diagnosticf("write one such as 2026-12-25", "%s is not a day", quote(lit.text))
	}
	return lit.text, nil
}

// timezoneValue is UTC or a place of the time zone database.
func timezoneValue(field **time.Location) scalar[*time.Location] {
	return scalar[*time.Location]{
		field: field, standard: time.UTC, want: "UTC or a place such as Europe/Berlin", format: func(l *time.Location) string { return yamlText(l.String()) },
		parse: func(lit literal) (*time.Location, *diagnostic) {
			l, err := time.LoadLocation(lit.text)
			if err != nil || lit.text == "" || lit.text == "Local" {
				return nil, diagnosticf("write UTC or a place such as Europe/Berlin", "%s is not a time zone", quote(lit.text))
			}
			return l, nil
		},
	}
}

// longestAway is the number of days after which an absence is taken for a slip of the pen.
const longestAway = 366

// parseDateRange reads days such as 2026-12-21..2027-01-02, or one day.
func parseDateRange(lit literal) (string, *diagnostic) {
	d, f := dateRange(lit.text)
	if f != nil {
		return "", f
	}
	return formatDateRange(d), nil
}

func dateRange(s string) (planning.DateRange, *diagnostic) {
	from, to, several := strings.Cut(s, "..")
	if !several {
		to = from
	}
	first, err := planning.ParseDate(strings.TrimSpace(from))
	last, err2 := planning.ParseDate(strings.TrimSpace(to))
	switch {
	case err != nil || err2 != nil:
		return planning.DateRange{}, diagnosticf("write one day or two, such as 2026-12-21..2027-01-02", "%s is neither a day nor a range of days", quote(s))
	case last.Before(first):
		return planning.DateRange{}, diagnosticf("write "+last.String()+".."+first.String(), "%s is before %s", last, first)
	case last.DaysSince(first) > longestAway:
		return planning.DateRange{}, diagnosticf("is the year right?", "%s is more than a year after %s", last, first)
	}
	return planning.DateRange{From: first, To: last}, nil
}

// formatDateRange writes days as they are read.
func formatDateRange(d planning.DateRange) string {
	if d.From == d.To {
		return d.From.String()
	}
	return d.From.String() + ".." + d.To.String()
}

// dateRangeList is a list of days, some of them as ranges.
func dateRangeList(field *[]planning.DateRange) listValue {
	return listValue{
		want: "days", example: `["2026-12-21..2027-01-02"]`, single: true, form: daysShape, item: parseDateRange,
		get: func() []string {
			var all []string
			for _, d := range *field {
				all = append(all, formatDateRange(d))
			}
			return all
		},
		put: func(items []string) {
			*field = nil
			for _, s := range items {
				if d, f := dateRange(s); f == nil { // parseDateRange has seen to that
					*field = append(*field, d)
				}
			}
		},
	}
}

// timeOfDayValue is a time such as 06:00, as the span since midnight.
func timeOfDayValue(field *time.Duration, standard time.Duration) scalar[time.Duration] {
	return scalar[time.Duration]{
		field: field, standard: standard, want: `a time such as "06:00"`, form: clockShape, format: func(d time.Duration) string { return yamlText(time.Time{}.Add(d).Format(clockForm)) },
		parse: func(lit literal) (time.Duration, *diagnostic) {
			t, err := time.Parse(clockForm, lit.text)
			if err != nil {
				return 0, diagnosticf(`write one such as "06:00" or "14:30"`, "%s is not a time of day", quote(lit.text))
			}
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
		},
	}
}

const clockForm = "15:04"

// durationsBySeverity is a span of time for each of the four severities, none shorter than that of a worse one.
func durationsBySeverity(field *[4]time.Duration, standard ...string) listValue {
	const longest = 3650 * day
	parse := func(s string) (time.Duration, *diagnostic) {
		d, f := parseDuration(s)
		if f == nil && (d < time.Hour || d > longest) {
			f = diagnosticf("allowed: 1h to 3650d", "%s is out of range", s)
		}
		return d, f
	}
	return listValue{
		want: "durations", example: exampleList(standard), standard: standard, repeats: true, form: durationShape,
		item: func(lit literal) (string, *diagnostic) {
			d, f := parse(lit.text)
			return formatDuration(d), f
		},
		check: func(items []string) *diagnostic {
			if len(items) != len(field) {
				return diagnosticf("write a list such as "+exampleList(standard), "a duration for each of the four severities is wanted, here are %d", len(items))
			}
			for i := 1; i < len(items); i++ {
				before, _ := parse(items[i-1])
				if d, _ := parse(items[i]); d < before {
					return diagnosticf("put the shortest first", "severity %d has less time (%s) than severity %d (%s)", i+1, items[i], i, items[i-1])
				}
			}
			return nil
		},
		get: func() []string {
			var all []string
			for _, d := range field {
				all = append(all, formatDuration(d))
			}
			return all
		},
		put: func(items []string) {
			for i, s := range items {
				field[i], _ = parse(s)
			}
		},
	}
}
