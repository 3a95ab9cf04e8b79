package schedule_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

func expect[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestFirstSweepLooksBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.moveAt(7, 1, now().Add(-lookback-time.Minute))
		issue := r.lab.moveAt(7, 2, now().Add(-lookback+time.Minute))
		began := time.Now()
		r.start(func(o *schedule.Options) { o.Projects, o.Settle = []string{"7"}, 2*time.Second })
		expect(t, "before it settled", nil, r.found())
		r.pass(2 * time.Second)
		event := triage.Event{Kind: triage.Swept, At: issue.UpdatedAt, Seen: began}
		expect(t, "in the inbox", map[triage.Ref][]worker.Body{issue.Ref: {{Event: event, Issue: issue}}}, r.mail())
	})
}

// A sweep of a project in which nothing moved costs one call and leads to nothing.
func TestSweepFindsEachMoveOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
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
		expect(t, "issues", 3, p.metric("flowkeeper_sweep_issues_total", ""))
		expect(t, "sweeps", 6, p.metric("flowkeeper_sweeps_total", "done"))
		expect(t, "last success", float64(time.Now().Unix()), p.metric("flowkeeper_sweep_last_success_timestamp_seconds", ""))
	})
}

// GitLab's copies lag: what shows up with a time shortly before the watermark is found all the same.
func TestSweepReachesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7, 8))
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

func TestReplicasShareTheSweeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.move(7, 1)
		for n := range 3 {
			r.start(func(o *schedule.Options) {
				o.Projects = []string{"7"}
				o.Jitter = func() float64 { return float64(n) / 3 }
			})
		}
		r.pass(time.Minute)
		expect(t, "asked at the start", []string{"updated 7"}, r.lab.requests())
		expect(t, "found at the start", []string{"7#1"}, r.found())
		for range 4 {
			r.lab.move(7, 1)
			r.pass(every)
			expect(t, "asked", []string{"updated 7"}, r.lab.requests())
			expect(t, "found", []string{"7#1"}, r.found())
		}
	})
}

// A sweep that takes longer than a turn lasts keeps its turn; when its process dies another one takes over.
func TestSlowSweepKeepsItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.slow = 5 * time.Minute
		r.lab.move(7, 1)
		first := r.sweeper("7")
		r.sweeper("7")
		r.pass(4 * time.Minute)
		expect(t, "asked", []string{"updated 7"}, r.lab.requests())
		first.stop()
		r.pass(time.Minute)
		expect(t, "asked after the first was stopped", []string{"updated 7"}, r.lab.requests())
		r.pass(5 * time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A process that was killed leaves its turn behind; another one waits it out.
func TestTurnOfTheDeadRunsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.move(7, 1)
		if held, err := r.store.Turn(t.Context(), "sweep", "dead", time.Minute); !held || err != nil {
			t.Fatal(held, err)
		}
		r.sweeper("7")
		expect(t, "at once", nil, r.found())
		r.pass(2 * time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A process that cannot prolong its turn stops: another one may have begun.
func TestSweepWithoutTurnStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.slow = 5 * time.Minute
		r.lab.move(7, 1)
		r.sweeper("7")
		r.store.set(func() { r.store.failTurn = true })
		r.pass(4 * time.Minute)
		r.store.set(func() { r.store.failTurn = false })
		r.pass(2 * time.Minute)
		expect(t, "found", nil, r.found())
		r.pass(every)
		expect(t, "found later", []string{"7#1"}, r.found())
	})
}

// One prolongation that fails now and then is no reason to stop.
func TestTurnIsProlongedNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.slow = 5 * time.Minute
		r.lab.move(7, 1)
		r.sweeper("7")
		r.pass(10 * time.Second) // turns are prolonged every 20 seconds
		for n := range 12 {
			r.store.set(func() { r.store.failTurn = n%2 == 0 })
			r.pass(20 * time.Second)
		}
		r.pass(time.Minute)
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// A mark that a process with a wrong clock left behind does not put off the sweeps.
func TestMarkFromAWrongClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.move(7, 1)
		if err := r.store.SetMark(t.Context(), "sweep", []byte(now().Add(lookback).Format(time.RFC3339Nano))); err != nil {
			t.Fatal(err)
		}
		r.sweeper("7")
		expect(t, "found", []string{"7#1"}, r.found())
	})
}

// What was accepted before a crash and not noted is listed again and not handled twice.
func TestCrashBeforeTheWatermark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.move(7, 1)
		r.store.failMark = func(name string) bool { return name == "sweep/7" }
		dying := r.sweeper("7")
		expect(t, "before the crash", []string{"7#1"}, r.found())
		dying.stop()
		r.store.failMark = nil
		r.lab.requests()
		r.pass(time.Second)
		p := r.sweeper("7")
		expect(t, "asked after the crash", []string{"updated 7"}, r.lab.requests())
		expect(t, "after the crash", nil, r.found())
		expect(t, "issues", 0, p.metric("flowkeeper_sweep_issues_total", ""))
	})
}

// GitLab is away: not every project is tried in vain, and the sweep does not wait for its next turn once GitLab is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	busy := &gitlab.Error{
		Op: "asking", Status: http.StatusTooManyRequests, Class: gitlab.Outage, After: 5 * time.Minute, Err: errors.New("too many"),
	}
	for name, tt := range map[string]struct {
		away  error
		asked []string
		wait  time.Duration // until GitLab is asked again
	}{
		"no answer":         {refusal(gitlab.Outage, 0), []string{"updated 1", "updated 2", "updated 3"}, 30 * time.Second},
		"too many requests": {busy, []string{"updated 1"}, busy.After},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, newLab(1, 2, 3, 4, 5))
				r.lab.away = tt.away
				for id := range int64(5) {
					r.lab.move(id+1, 1)
				}
				p := r.sweeper("1", "2", "3", "4", "5")
				expect(t, "asked", tt.asked, r.lab.requests())
				r.lab.set(func() { r.lab.away = nil })
				r.pass(tt.wait - time.Second)
				expect(t, "asked too early", nil, r.lab.requests())
				r.pass(time.Second)
				expect(t, "found", []string{"1#1", "2#1", "3#1", "4#1", "5#1"}, r.found())
				expect(t, "stopped", 1, p.metric("flowkeeper_sweeps_total", "stopped"))
				expect(t, "done", 1, p.metric("flowkeeper_sweeps_total", "done"))
			})
		})
	}
}

// Projects that always fail do not keep the sweep from those behind them.
func TestBrokenProjects(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		broken []error
		result string
	}{
		"one does not answer": {[]error{refusal(gitlab.Outage, 504)}, "incomplete"},
		"three do not answer": {[]error{refusal(gitlab.Outage, 504), refusal(gitlab.Outage, 504), refusal(gitlab.Outage, 504)}, "stopped"},
		"two of each three do not answer": {[]error{
			refusal(gitlab.Outage, 504), refusal(gitlab.Outage, 504), nil, refusal(gitlab.Outage, 504), refusal(gitlab.Outage, 504), nil,
		}, "incomplete"},
		"two fail":              {[]error{refusal(gitlab.Retry, 500), refusal(gitlab.Retry, 500)}, "incomplete"},
		"one is gone":           {[]error{refusal(gitlab.Gone, 404)}, "done"},
		"one refuses the token": {[]error{refusal(gitlab.GiveUp, 403)}, "done"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, newLab(1, 2, 3, 4, 5, 6, 7))
				var listed []string
				for n, err := range tt.broken {
					r.lab.projects[int64(n+1)].broken = err
					listed = append(listed, strconv.Itoa(n+1))
				}
				r.lab.move(7, 1)
				p := r.sweeper(append(listed, "7")...)
				r.pass(time.Minute)
				expect(t, "found", []string{"7#1"}, r.found())
				if p.metric("flowkeeper_sweeps_total", tt.result) == 0 {
					t.Errorf("no sweep was %s", tt.result)
				}
			})
		})
	}
}

// A project that is gone is logged once, and swept from where it was left when it is back.
func TestProjectIsGoneForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const line = "sweeping a project is left out until the bot's token may see it"
		r := newRig(t, newLab(7))
		r.lab.move(7, 1)
		r.sweeper("7")
		r.found()
		r.lab.set(func() { r.lab.projects[7].broken = refusal(gitlab.Gone, http.StatusNotFound) })
		r.pass(3 * lookback)
		expect(t, "log lines", 1, r.logged(line))
		r.lab.move(7, 2)
		r.pass(2 * lookback)
		r.lab.set(func() { r.lab.projects[7].broken = nil })
		r.pass(every)
		expect(t, "found", []string{"7#2"}, r.found())
		r.lab.set(func() { r.lab.projects[7].broken = refusal(gitlab.Gone, http.StatusNotFound) })
		r.pass(every)
		expect(t, "log lines after it went again", 2, r.logged(line))
	})
}

// A full inbox takes the oldest moves first; the rest comes when there is room, and nothing comes twice.
func TestFullInbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7, 8))
		for n := range int64(4) {
			r.lab.moveAt(7, n+1, now().Add(-time.Hour+time.Duration(n)*10*time.Minute))
		}
		r.lab.move(8, 1)
		r.store.room = 2
		p := r.sweeper("7", "8")
		expect(t, "found", []string{"7#1", "7#2"}, r.found())
		expect(t, "asked", []string{"updated 7"}, r.lab.requests())
		expect(t, "stopped", 1, p.metric("flowkeeper_sweeps_total", "stopped"))
		r.store.set(func() { r.store.room = -1 })
		r.pass(time.Minute)
		expect(t, "found later", []string{"7#3", "7#4", "8#1"}, r.found())
	})
}

// What was listed before GitLab went away is not listed again.
func TestListIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		for n := range int64(4) {
			r.lab.moveAt(7, n+1, now().Add(-time.Hour+time.Duration(n)*10*time.Minute))
		}
		r.lab.projects[7].cut = 2
		r.sweeper("7")
		expect(t, "found", []string{"7#1", "7#2"}, r.found())
		mark, err := r.store.Mark(t.Context(), "sweep/7")
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
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

// An issue that an owner dated into the future does not hide what happens until then.
func TestFutureDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.moveAt(7, 1, now().Add(100*24*time.Hour))
		r.sweeper("7")
		expect(t, "found", []string{"7#1"}, r.found())
		r.lab.move(7, 2)
		r.pass(every)
		expect(t, "found later", []string{"7#2"}, r.found())
	})
}

// Projects come from the configuration, as paths or ids, and from deliveries. A path is looked up once.
func TestProjects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7, 8, 9))
		r.lab.paths["g/p"] = 8
		if _, err := r.store.Accept(t.Context(), inbox.Delivery{Issue: triage.Ref{Project: 7, IID: 1}, Key: "1"}); err != nil {
			t.Fatal(err)
		}
		r.sweeper("9", "g/p", "g/none", "8", "g/p")
		expect(t, "asked", []string{"project g/p", "project g/none", "updated 9", "updated 8", "updated 7"}, r.lab.requests())
		r.pass(2 * every)
		r.lab.requests()
		r.lab.set(func() { r.lab.paths["g/none"] = 7 })
		r.pass(every)
		expect(t, "asked later", []string{"project g/none", "updated 9", "updated 8", "updated 7"}, r.lab.requests())
		r.pass(every)
		expect(t, "asked at last", []string{"updated 9", "updated 8", "updated 7"}, r.lab.requests())
		expect(t, "log lines", 1, r.logged("a listed project is left out until the bot's token can see it"))
	})
}

// An end in the middle of a sweep comes at once, and the next process need not wait for the turn.
func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		r.lab.slow = time.Minute
		r.lab.move(7, 1)
		began := time.Now()
		p := r.sweeper("7")
		p.stop()
		expect(t, "time to stop", 0, time.Since(began))
		r.pass(time.Second)
		r.lab.slow = 0
		r.sweeper("7")
		expect(t, "found", []string{"7#1"}, r.found())
		if n := r.logs.FilterLevelExact(zap.WarnLevel).Len(); n > 0 {
			t.Errorf("a stop is nothing to warn of, %d warnings: %v", n, r.logs.All())
		}
	})
}
