package planning_test

import (
	"testing"

	"flowkeeper/rules/planning"
)

func TestNextMilestone(t *testing.T) {
	all := []planning.MilestoneDates{
		own("19.8", "", "2027-01-15"), own("Backlog", "", "2026-12-01"), own("19.6", "2026-10-10", "2026-11-13"), own("19.7", "", "2026-12-11"),
		own("19.5", "", "2026-10-09"), own("19.9", "2027-01-16", ""),
	}
	for _, tt := range []struct{ title, day, want string }{
		{"19.6", "2026-11-20", "19.7"},
		{"19.6", "2026-12-11", "19.7"},
		{"19.6", "2026-12-12", "19.8"},
		{"19.5", "2026-11-20", "19.7"}, // those that have ended are passed over
		{"19.8", "2026-11-20", ""},     // the next one has no date
		{"19.6", "2027-02-01", ""},
		{"18.0", "2026-11-20", "19.7"}, // a milestone that is not listed any more
	} {
		if got, ok := planning.NextMilestone(all, tt.title, date(tt.day)); got.Title != tt.want || ok != (tt.want != "") {
			t.Errorf("on %s %q follows %s, want %q", tt.day, got.Title, tt.title, tt.want)
		}
	}
}
