package schedule_test

import (
	"testing"
	"time"
)

// What was accepted before a crash and not noted is listed again and not handled twice.
func TestCrashBeforeTheWatermark(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		r.store.failCheckpoint = func(name string) bool { return name == "sweep/7" }
		dying := r.sweeper("7")
		expect(t, "before the crash", []string{"7#1"}, r.found())
		dying.stop()
		r.store.failCheckpoint = nil
		r.lab.requests()
		r.pass(time.Second)
		p := r.sweeper("7")
		expect(t, "asked after the crash", []string{"updated 7"}, r.lab.requests())
		expect(t, "after the crash", nil, r.found())
		expect(t, "issues", 0, p.metric("flowkeeper_sweep_issues_total"))
	})
}

// A full inbox takes the oldest moves first; the rest comes when there is room, and nothing comes twice.
func TestFullInbox(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
		for n := range int64(4) {
			r.lab.moveAt(7, n+1, now().Add(-time.Hour+time.Duration(n)*10*time.Minute))
		}
		r.lab.move(8, 1)
		r.longKnown(7)
		r.store.room = 2
		p := r.sweeper("7", "8")
		expect(t, "found", []string{"7#1", "7#2"}, r.found())
		expect(t, "asked", []string{"updated 7"}, r.lab.requests())
		expect(t, "stopped", 1, p.metric(`flowkeeper_sweeps_total{result="stopped"}`))
		r.store.set(func() { r.store.room = -1 })
		r.pass(time.Minute)
		expect(t, "found later", []string{"7#3", "7#4", "8#1"}, r.found())
	})
}

// What was listed before GitLab went away is not listed again.
func TestListIsCutOff(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		for n := range int64(4) {
			r.lab.moveAt(7, n+1, now().Add(-time.Hour+time.Duration(n)*10*time.Minute))
		}
		r.longKnown(7)
		r.lab.projects[7].cut = 2
		r.sweeper("7")
		expect(t, "found", []string{"7#1", "7#2"}, r.found())
		mark, err := r.store.Checkpoint(t.Context(), "sweep/7")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "watermark", now().Add(-50*time.Minute).Format(time.RFC3339Nano), string(mark))
		r.pass(every)
		expect(t, "found later", []string{"7#3"}, r.found())
	})
}

// A list that is longer than is read at a time is read on, also where all of it lies within the overlap.
func TestLongList(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		var want []string
		for n := range int64(9) {
			want = append(want, r.lab.moveAt(7, n+1, now().Add(time.Duration(n-9)*time.Second)).String())
		}
		r.lab.projects[7].most = 3
		r.sweeper("7")
		expect(t, "found", want, r.found())
		r.pass(every)
		expect(t, "found later", nil, r.found())
		r.lab.move(7, 10)
		r.pass(every)
		expect(t, "found after a move", []string{"7#10"}, r.found())
	})
}
