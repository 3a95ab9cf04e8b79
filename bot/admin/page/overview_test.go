package page_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/admin/page"
)

// TestChart: the highest value reaches almost to the top, what is not known is a gap and no zero, and words say what the image shows.
func TestChart(t *testing.T) {
	from := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	c := page.NewChart("Deliveries", "", []float64{math.NaN(), 0, 1000, 500}, true, from, from.Add(24*time.Hour))
	if want := (page.Chart{
		Title: "Deliveries", Total: "1,500", Words: "Deliveries: 1,500 in the last 24 hours, at most 1,000 in five minutes, at 00:00 UTC",
		Gaps: "M0 0h144V80h-144z", Bars: "M288 4h144V80h-144zM432 42h144V80h-144z", From: "12:00", Most: "most 1,000 at 00:00", To: "12:00",
	}); c != want {
		t.Errorf("%+v\nwant %+v", c, want)
	}
	if c := page.NewChart("Queue age", " s", []float64{3, 90}, false, from, from.Add(24*time.Hour)); c.Total != "at most 90 s" || !strings.Contains(c.Words, "at most 90 s in the last 24 hours") {
		t.Errorf("%+v", c)
	}
	if c := page.NewChart("Calls", "", []float64{math.NaN(), math.NaN()}, true, from, from.Add(24*time.Hour)); c.Bars != "" || !strings.Contains(c.Words, "nothing is known") {
		t.Errorf("%+v", c)
	}
	if c := page.NewChart("Calls", "", []float64{0, 0}, true, from, from.Add(24*time.Hour)); c.Bars != "" || c.Gaps != "" || c.Most != "" || c.Total != "0" {
		t.Errorf("%+v", c)
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 400 * time.Millisecond: "0 s", 59 * time.Second: "59 s", 95 * time.Second: "1 min 35 s", 2 * time.Minute: "2 min", 12*time.Minute + time.Second: "12 min",
		3*time.Hour + 20*time.Minute: "3 h 20 min", 50 * time.Hour: "2 d 2 h",
	} {
		if got := page.Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := page.Thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
