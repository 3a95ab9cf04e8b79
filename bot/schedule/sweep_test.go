package schedule_test

import (
	"testing"
	"time"

	"flowkeeper/bot/record"
	"flowkeeper/bot/schedule"
	"flowkeeper/rules/triage"
)

func TestFirstSweepLooksBack(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.moveAt(7, 1, now().Add(-lookback-time.Minute))
		issue := r.lab.moveAt(7, 2, now().Add(-lookback+time.Minute))
		r.longKnown(7)
		began := time.Now()
		r.start(func(o *schedule.Options) { o.Projects, o.Settle = []string{"7"}, 2*time.Second })
		expect(t, "before it settled", nil, r.found())
		r.pass(2 * time.Second)
		event := triage.Event{Kind: triage.Swept, At: issue.UpdatedAt, ReceivedAt: began}
		expect(t, "in the inbox", map[triage.Ref][]record.Event{issue.Ref: {{Event: event, Issue: issue, Came: began.Add(-2 * lookback).UTC()}}}, r.mail())
	})
}

// A sweep of a project in which nothing moved costs one call and leads to nothing.
func TestSweepFindsEachMoveOnce(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		r.lab.move(7, 2)
		p := r.sweeper("7")
		expect(t, "at the start", []string{"7#1", "7#2"}, r.found())
		for range 4 {
			r.lab.requests()
			r.pass(every)
			expect(t, "asked", []string{"updated 7"}, r.lab.requests())
			expect(t, "when nothing moved", nil, r.found())
		}
		r.lab.move(7, 1)
		r.pass(every)
		expect(t, "after a move", []string{"7#1"}, r.found())
		expect(t, "issues", 3, p.metric("flowkeeper_sweep_issues_total"))
		expect(t, "sweeps", 6, p.metric(`flowkeeper_sweeps_total{result="done"}`))
		expect(t, "last success", float64(time.Now().Unix()), p.metric("flowkeeper_sweep_last_success_timestamp_seconds"))
	})
}

// GitLab's copies lag: what shows up with a time shortly before the watermark is found all the same.
func TestSweepReachesBack(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		r.sweeper("7")
		r.found()
		r.lab.moveAt(7, 2, now().Add(-time.Minute))
		r.pass(every)
		expect(t, "found", []string{"7#2"}, r.found())
	})
}

// The watermark outlives the process, however long nobody was there.
func TestSweepAfterALongStop(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		p := r.sweeper("7", "8")
		r.found()
		p.stop()
		r.pass(time.Hour)
		r.lab.move(7, 2)
		r.lab.move(8, 3)
		r.pass(5 * lookback)
		r.sweeper("7", "8")
		expect(t, "found", []string{"7#2", "8#3"}, r.found())
	})
}

// An issue that an owner dated into the future does not hide what happens until then.
func TestFutureDate(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.moveAt(7, 1, now().Add(100*24*time.Hour))
		r.sweeper("7")
		expect(t, "found", []string{"7#1"}, r.found())
		r.lab.move(7, 2)
		r.pass(every)
		expect(t, "found later", []string{"7#2"}, r.found())
	})
}
