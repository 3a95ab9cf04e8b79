package report_test

import (
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/rules/planning"
)

// TestMissed: what was due while the bot was down for long is left with a warning. What was due before the bot made reports, or comes again because
// the dates of a milestone were moved, is no reason for one.
func TestMissed(t *testing.T) {
	l := newLab(t)
	l.add("first")
	core, logs := observer.New(zapcore.WarnLevel)
	l.log = zap.New(core)
	run := func(step string, warnings, reports int) {
		t.Helper()
		l.must(l.publisher(act(planning.KindBuild)).RunDue(t.Context()))
		if n := len(logs.TakeAll()); n != warnings || len(l.reports()) != reports {
			t.Errorf("%s: %d warnings and %d reports, want %d and %d", step, n, len(l.reports()), warnings, reports)
		}
	}
	l.now = time.Date(2026, time.December, 9, 12, 0, 0, 0, time.UTC)
	run("a new bot", 0, 0)
	l.now = time.Date(2026, time.December, 11, 6, 0, 0, 0, time.UTC)
	run("19.8 is due", 0, 1)
	l.later(48 * time.Hour)
	l.dates = []planning.MilestoneDates{{Title: "19.7", Due: planning.Date{Year: 2026, Month: time.December, Day: 18}}}
	run("the end of 19.7 was moved, so that the last due one is that of 19.7", 0, 1)
	l.now = time.Date(2026, time.December, 18, 6, 0, 0, 0, time.UTC)
	run("19.8 is due again", 0, 1)
	l.now = time.Date(2027, time.January, 20, 6, 0, 0, 0, time.UTC)
	run("19.9 was due on 15 January", 1, 1)
	run("it is said once", 0, 1)
}
