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
		field: field, standard: standard, want: "one of " + joinWords(names), allowed: strings.Join(names, ", "), format: formatWeekday,
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
		want: "days", example: "[2026-12-25, 2027-01-01]", item: parseDay,
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
