package config

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// durationValue is a span of time between two limits, both inclusive.
func durationValue(field *time.Duration, standard, least, most time.Duration) scalar[time.Duration] {
	limits := formatDuration(least) + " to " + formatDuration(most)
	return scalar[time.Duration]{
		field: field, standard: standard, want: "a duration such as " + formatDuration(standard), allowed: limits, form: durationShape, format: formatDuration,
		parse: func(lit literal) (time.Duration, *diagnostic) {
			d, f := parseDuration(lit.text)
			if f == nil && (d < least || d > most) {
				f = diagnosticf("allowed: "+limits, "%s is out of range", lit.text)
			}
			return d, f
		},
	}
}

var (
	daysFirst  = regexp.MustCompile(`^([0-9]+)d(.*)$`)
	looseUnit  = regexp.MustCompile(`^([0-9]{1,9})\s*([A-Za-z]+)$`)
	onlyDigits = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// parseDuration reads Go's syntax with days: "90s", "1h30m", "7d", "1d12h".
func parseDuration(s string) (time.Duration, *diagnostic) {
	if s == "0" {
		return 0, nil
	}
	if onlyDigits.MatchString(s) {
		if strings.ContainsAny(s, "-.") {
			return 0, diagnosticf("write 5s, 5m, 5h or 5d", "%s has no unit", s)
		}
		return 0, diagnosticf("write "+s+"s, "+s+"m, "+s+"h or "+s+"d", "%s has no unit", s)
	}
	const most = 36_500 // days, a century and far from an overflow
	days, rest := 0, s
	if m := daysFirst.FindStringSubmatch(s); m != nil {
		var err error
		if days, err = strconv.Atoi(m[1]); err != nil || days > most {
			return 0, diagnosticf("", "%s is too long", quote(s))
		}
		rest = m[2]
	}
	var d time.Duration
	if rest != "" || s == "" {
		var err error
		if d, err = time.ParseDuration(rest); err != nil || days > 0 && strings.HasPrefix(rest, "-") {
			return 0, diagnosticf(durationHint(s), "%s is not a duration", quote(s))
		}
	}
	if d > most*day {
		return 0, diagnosticf("", "%s is too long", quote(s))
	}
	return time.Duration(days)*day + d, nil
}

// durationHint guesses what was meant: "5 minutes" is 5m.
func durationHint(s string) string {
	m := looseUnit.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return "write 90s, 5m, 1h30m or 7d"
	}
	switch strings.TrimSuffix(strings.ToLower(m[2]), "s") {
	case "", "sec", "second":
		return "write " + m[1] + "s"
	case "m", "min", "minute":
		return "write " + m[1] + "m"
	case "h", "hr", "hour":
		return "write " + m[1] + "h"
	case "d", "day":
		return "write " + m[1] + "d"
	case "w", "week":
		weeks, _ := strconv.Atoi(m[1]) // nine digits at most
		return "write " + strconv.Itoa(weeks*7) + "d"
	default:
		return "write 90s, 5m, 1h30m or 7d"
	}
}

// formatDuration writes a duration the way people do: 5m and not 5m0s, 24h, 7d from two days on.
func formatDuration(d time.Duration) string {
	switch {
	case d == 0:
		return "0s"
	case d > day && d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// sizeValue is a number of bytes between two limits, both inclusive.
func sizeValue(field *int64, standard, least, most int64) scalar[int64] {
	limits := formatSize(least) + " to " + formatSize(most)
	return scalar[int64]{
		field: field, standard: standard, want: "a size such as " + formatSize(standard), allowed: limits, form: sizeShape, format: formatSize,
		parse: func(lit literal) (int64, *diagnostic) {
			n, ok := parseSize(lit.text)
			switch {
			case !ok:
				return 0, diagnosticf("write 25MiB, 10MB or a number of bytes", "%s is not a size", quote(lit.text))
			case n < least || n > most:
				return 0, diagnosticf("allowed: "+limits, "%s is out of range", lit.text)
			}
			return n, nil
		},
	}
}

var sizeForm = regexp.MustCompile(`^([0-9]{1,15}) ?([A-Za-z]*)$`)

// sizeUnits are the units from large to small, so that the first that fits is the one to print.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1}}

// parseSize reads "25MiB", "10MB" or plain bytes. The case of the unit does not count.
func parseSize(s string) (int64, bool) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, false
	}
	if m[2] == "" {
		return n, true
	}
	for _, u := range sizeUnits {
		if strings.EqualFold(u.name, m[2]) {
			return n * u.bytes, n <= math.MaxInt64/u.bytes
		}
	}
	return 0, false
}

// formatSize writes bytes in the largest unit that divides them.
func formatSize(n int64) string {
	for _, u := range sizeUnits {
		if u.bytes > 1 && n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
