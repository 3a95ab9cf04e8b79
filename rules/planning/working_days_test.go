package planning_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/rules/planning"
)

func TestWorkingDays(t *testing.T) {
	w := planning.NewWorkingDays([]planning.Date{date("2026-12-25"), date("2026-12-26"), date("2027-01-01")})
	if got := w.Count(date("2026-12-21"), date("2027-01-03")); got != 8 {
		t.Errorf("%d working days in the two weeks around New Year, want 8", got)
	}
	if got := w.Count(date("2026-12-22"), date("2026-12-21")); got != 0 {
		t.Errorf("%d working days backwards", got)
	}
	if got := w.From(date("2026-12-25")); got != date("2026-12-28") {
		t.Errorf("Christmas moves to %s", got)
	}
	if got := w.Add(date("2026-12-24"), 5); got != date("2027-01-04") {
		t.Errorf("five working days after Christmas Eve it is %s", got)
	}
}

// TestAddWorkingDays: the time of day stays, weekends (UTC) do not count, and a Monday to Friday week later is five.
func TestAddWorkingDays(t *testing.T) {
	east := time.FixedZone("east", 5*3600)
	for _, tt := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-27T15:04:05Z", 0, "2026-11-27T15:04:05Z"},
		{"2026-11-27T15:04:05Z", 1, "2026-11-30T15:04:05Z"},
		{"2026-11-28T00:00:00Z", 1, "2026-11-30T00:00:00Z"},
		{"2026-11-28T00:00:00Z", 0, "2026-11-28T00:00:00Z"},
		{"2026-11-25T23:59:59.5Z", 7, "2026-12-04T23:59:59.5Z"},
		{"2026-11-27T15:04:05Z", -1, "2026-11-27T15:04:05Z"},
	} {
		from, err := time.Parse(time.RFC3339Nano, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := planning.AddWorkingDays(from.In(east), tt.n); got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%d working days after %s it is %s, want %s", tt.n, tt.from, got.Format(time.RFC3339Nano), tt.want)
		}
	}
}

// TestWorkingDaysAgree: what was added is what is counted.
func TestWorkingDaysAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := date("2026-11-30").AddDays(rapid.IntRange(-1500, 5000).Draw(t, "day"))
		var holidays []planning.Date
		for range rapid.IntRange(0, 10).Draw(t, "holidays") {
			holidays = append(holidays, d.AddDays(rapid.IntRange(0, 40).Draw(t, "holiday")))
		}
		w, n := planning.NewWorkingDays(holidays), rapid.IntRange(1, 30).Draw(t, "n")
		then := w.Add(d, n)
		if got := w.Count(d.AddDays(1), then); got != n || !w.Has(then) {
			t.Errorf("%d working days after %s it is %s, which are %d", n, d, then, got)
		}
	})
}

func TestDate(t *testing.T) {
	for _, s := range []string{"2026-2-3", "2026-02-30", "26-02-03", "2026-02-03T00:00:00Z", "tomorrow"} {
		if d, err := planning.ParseDate(s); err == nil {
			t.Errorf("%q reads as %s", s, d)
		}
	}
	for from, want := range map[string]string{"2027-01-31": "2027-02-28", "2026-12-01": "2027-01-01", "2028-01-31": "2028-02-29"} {
		if got := date(from).AddMonths(1); got != date(want) {
			t.Errorf("a month after %s it is %s, want %s", from, got, want)
		}
	}
	late := time.Date(2026, time.November, 30, 23, 30, 0, 0, time.UTC)
	if got := planning.DateOf(late.In(time.FixedZone("east", 3600))); got != date("2026-12-01") {
		t.Errorf("in the east it is %s", got)
	}
}

func TestParseVersion(t *testing.T) {
	for _, title := range []string{"", "Backlog", "19", "19.12", "19.6.1", "019.6", "19.06", "v19.6", "19.6 ", "Sprint 19.6", "100.1", "-1.1"} {
		if v, ok := planning.ParseVersion(title); ok {
			t.Errorf("%q reads as %s", title, v)
		}
	}
}
