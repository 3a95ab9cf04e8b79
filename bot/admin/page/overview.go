package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Overview is how the bot is.
type Overview struct {
	Frame

	Version  string
	Ready    string // ready, degraded or not ready
	Numbers  []Number
	Charts   []Chart
	NoCharts string // why there are none
	Checks   []Check
}

// Number is one figure of now.
type Number struct {
	Label, Value, Note string
	Href               string // where more is told, "" for nowhere
	Bad                bool
}

// Check is one check of readiness.
type Check struct{ Name, Text string }

// Chart is one figure over a day.
type Chart struct {
	Title, Total, Words string
	Bars, Gaps          string // paths of an image that is 576 wide and 80 high
	From, Most, To      string // below the image
}

// The size of a chart, in its own units.
const (
	chartWidth  = 576.0
	chartHeight = 80.0
)

// NewChart draws values, the oldest first; NaN is a time of which nothing is known. sum says that they add up to a total; else their greatest
// value says most.
func NewChart(title, unit string, values []float64, sum bool, from, to time.Time) Chart {
	c := Chart{Title: title, From: clock(from), To: clock(to)}
	total, most, at, known := 0.0, 0.0, 0, 0
	for n, v := range values {
		if math.IsNaN(v) {
			continue
		}
		known++
		total += v
		if v > most {
			most, at = v, n
		}
	}
	var bars, gaps strings.Builder
	width := chartWidth / float64(len(values))
	for n, v := range values {
		x := float64(n) * width
		switch {
		case math.IsNaN(v):
			fmt.Fprintf(&gaps, "M%s 0h%sV80h-%sz", short(x), short(width), short(width))
		case v > 0:
			height := max(1, v/most*(chartHeight-4))
			fmt.Fprintf(&bars, "M%s %sh%sV80h-%sz", short(x), short(chartHeight-height), short(width), short(width))
		}
	}
	c.Bars, c.Gaps = bars.String(), gaps.String()
	when := clock(from.Add(time.Duration(float64(at) / float64(len(values)) * float64(to.Sub(from)))))
	switch {
	case known == 0:
		c.Total, c.Words = "nothing known", title+": nothing is known of the last 24 hours"
	case sum:
		c.Total = number(total) + unit
		c.Words = fmt.Sprintf("%s: %s%s in the last 24 hours, at most %s in five minutes, at %s UTC", title, number(total), unit, number(most), when)
	default:
		c.Total = "at most " + number(most) + unit
		c.Words = fmt.Sprintf("%s: at most %s%s in the last 24 hours, at %s UTC", title, number(most), unit, when)
	}
	if most > 0 {
		c.Most = "most " + number(most) + " at " + when
	}
	return c
}

func clock(t time.Time) string { return t.UTC().Format("15:04") }

func short(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) }

// number writes a whole number with a comma for every three digits.
func number(f float64) string { return Thousands(int64(math.Round(f))) }

// Thousands writes a whole number with a comma for every three digits.
func Thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for at := len(text) - 3; at > first; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Span writes a duration as people say it, by its greatest unit or two: "3 h 20 min".
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	days, hours, minutes, seconds := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 9 || minutes > 0 && seconds == 0:
		return fmt.Sprintf("%d min", minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %d s", minutes, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}
