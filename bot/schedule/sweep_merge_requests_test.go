package schedule_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/record"
	"flowkeeper/bot/schedule"
	"flowkeeper/rules/triage"
)

// The lists that a sweep asks for.
const (
	ofIssues        = "updated"
	ofMergeRequests = "updated merge requests"
)

// mergeSweeper starts a scheduler that sweeps project 7 with its merge requests.
func (r *rig) mergeSweeper() *process {
	return r.start(func(o *schedule.Options) {
		o.Projects, o.MergeRequests = []string{"7"}, func() bool { return true }
	})
}

// The first sweep looks back as far as that of issues, and says from when on it looks.
func TestFirstSweepOfMergeRequests(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.mergeAt(7, 1, now().Add(-lookback-time.Minute))
		m := r.lab.mergeAt(7, 2, now().Add(-lookback+time.Minute))
		r.longKnown(7)
		began := time.Now()
		r.mergeSweeper()
		event := triage.Event{Kind: triage.Swept, At: m.UpdatedAt, ReceivedAt: began}
		want := map[triage.Ref][]record.Event{m.Ref: {{Event: event, Issue: m, Came: began.Add(-2 * lookback).UTC(), Since: began.Add(-lookback)}}}
		expect(t, "in the inbox", want, r.mail())
	})
}

// It reaches back to no time before the project was first heard of.
func TestFirstSweepOfANewProject(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.mergeAt(7, 1, now().Add(-lookback/2))
		r.mergeSweeper()
		expect(t, "found", nil, r.found())
	})
}

// A sweep in which nothing moved costs one call more. Issues and merge requests have watermarks of their own, and one number is two things.
func TestSweepOfMergeRequestsFindsEachMoveOnce(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.move(7, 1)
		p := r.mergeSweeper()
		expect(t, "at the start", []string{"7#1"}, r.found())
		r.pass(every)
		r.lab.mergeAt(7, 1, now())
		r.lab.requests()
		r.pass(every)
		expect(t, "asked", []string{ofIssues + " 7", ofMergeRequests + " 7"}, r.lab.requests())
		expect(t, "after a move", []string{"7!1"}, r.found())
		r.pass(every)
		expect(t, "when nothing moved", nil, r.found())
		expect(t, "issues", 1, p.metric("flowkeeper_sweep_issues_total"))
		expect(t, "merge requests", 1, p.metric("flowkeeper_sweep_merge_requests_total"))
		p.stop()
		r.pass(2 * lookback)
		r.lab.mergeAt(7, 2, now().Add(-lookback-time.Hour))
		r.mergeSweeper()
		expect(t, "after a long stop", []string{"7!2"}, r.found())
	})
}

// Where no rule looks at merge requests, nobody asks for them. A rule that is switched on later finds what moved within the lookback.
func TestNoRuleLooksAtMergeRequests(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.longKnown(7)
		var looks atomic.Bool
		r.start(func(o *schedule.Options) { o.Projects, o.MergeRequests = []string{"7"}, looks.Load })
		r.lab.mergeAt(7, 1, now())
		r.pass(every)
		expect(t, "asked", []string{ofIssues + " 7", ofIssues + " 7"}, r.lab.requests())
		looks.Store(true)
		r.pass(every)
		expect(t, "found", []string{"7!1"}, r.found())
	})
}

// One list fails, and the other one is swept.
func TestOneListFails(t *testing.T) {
	forbidden, away := refusal(gitlab.Permanent, http.StatusForbidden), refusal(gitlab.Unavailable, http.StatusBadGateway)
	for name, test := range map[string]struct {
		list   string
		answer error
		found  []string
		failed float64
	}{
		"no merge requests":        {ofMergeRequests, forbidden, []string{"7#1"}, 0},
		"no issues":                {ofIssues, forbidden, []string{"7!1"}, 0},
		"merge requests are away":  {ofMergeRequests, away, []string{"7#1"}, 1},
		"issues are away":          {ofIssues, away, []string{"7!1"}, 1},
		"merge requests are gone":  {ofMergeRequests, refusal(gitlab.NotFound, http.StatusNotFound), []string{"7#1"}, 0},
		"merge requests are wrong": {ofMergeRequests, refusal(gitlab.Transient, 0), []string{"7#1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newLab(7), func(t *testing.T, r *rig) {
				r.lab.move(7, 1)
				r.lab.mergeAt(7, 1, now())
				r.lab.projects[7].refused = map[string]error{test.list: test.answer}
				p := r.mergeSweeper()
				expect(t, "found", test.found, r.found())
				expect(t, "incomplete", test.failed, p.metric(`flowkeeper_sweeps_total{result="incomplete"}`))
				r.lab.set(func() { r.lab.projects[7].refused = nil })
				r.pass(every)
				both := map[bool][]string{true: {"7!1"}, false: {"7#1"}}[test.found[0] == "7#1"]
				expect(t, "found later", both, r.found())
			})
		})
	}
}

// A list that is cut off or too long goes on where it ended, with the same beginning for what is long over.
func TestLongListOfMergeRequests(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		for n := range int64(5) {
			r.lab.mergeAt(7, n+1, now().Add(-time.Hour+time.Duration(n)*time.Minute))
		}
		r.longKnown(7)
		r.lab.projects[7].most = 3
		began := now()
		r.mergeSweeper()
		mail := r.mail()
		for ref, events := range mail {
			if len(events) != 1 || !events[0].Since.Equal(began.Add(-lookback)) {
				t.Errorf("%s came as %+v", ref, events)
			}
		}
		expect(t, "found", 5, len(mail))
	})
}

// Two processes on one store: each state is swept once.
func TestTwoProcessesSweepMergeRequests(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		r.lab.mergeAt(7, 1, now())
		r.mergeSweeper()
		r.mergeSweeper()
		for range 3 {
			r.pass(every)
		}
		expect(t, "found", []string{"7!1"}, r.found())
	})
}
