package schedule_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
)

// GitLab is away: not every project is tried in vain, and the sweep does not wait for its next turn once GitLab is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	busy := &gitlab.Error{
		Op: "asking", Status: http.StatusTooManyRequests, Class: gitlab.Unavailable, RetryAfter: 5 * time.Minute, Err: errors.New("too many"),
	}
	for name, tt := range map[string]struct {
		away  error
		asked []string
		wait  time.Duration // until GitLab is asked again
	}{
		"no answer":         {refusal(gitlab.Unavailable, 0), []string{"updated 1", "updated 2", "updated 3"}, 30 * time.Second},
		"too many requests": {busy, []string{"updated 1"}, busy.RetryAfter},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newLab(1, 2, 3, 4, 5), func(t *testing.T, r *rig) {
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
				expect(t, "stopped", 1, p.metric(`flowkeeper_sweeps_total{result="stopped"}`))
				expect(t, "done", 1, p.metric(`flowkeeper_sweeps_total{result="done"}`))
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
		"one does not answer": {[]error{refusal(gitlab.Unavailable, 504)}, "incomplete"},
		"three do not answer": {[]error{refusal(gitlab.Unavailable, 504), refusal(gitlab.Unavailable, 504), refusal(gitlab.Unavailable, 504)}, "stopped"},
		"two of each three do not answer": {[]error{
			refusal(gitlab.Unavailable, 504), refusal(gitlab.Unavailable, 504), nil, refusal(gitlab.Unavailable, 504), refusal(gitlab.Unavailable, 504), nil,
		}, "incomplete"},
		"two fail":              {[]error{refusal(gitlab.Transient, 500), refusal(gitlab.Transient, 500)}, "incomplete"},
		"one is gone":           {[]error{refusal(gitlab.NotFound, 404)}, "done"},
		"one refuses the token": {[]error{refusal(gitlab.Permanent, 403)}, "done"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newLab(1, 2, 3, 4, 5, 6, 7), func(t *testing.T, r *rig) {
				var listed []string
				for n, err := range tt.broken {
					r.lab.projects[int64(n+1)].broken = err
					listed = append(listed, strconv.Itoa(n+1))
				}
				r.lab.move(7, 1)
				p := r.sweeper(append(listed, "7")...)
				r.pass(time.Minute)
				expect(t, "found", []string{"7#1"}, r.found())
				if p.metric(`flowkeeper_sweeps_total{result="`+tt.result+`"}`) == 0 {
					t.Errorf("no sweep was %s", tt.result)
				}
			})
		})
	}
}

// A project that is gone is logged once, and swept from where it was left when it is back.
func TestProjectIsGoneForAWhile(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		const line = "sweeping a project is left out until the bot's token may see it"
		r.lab.move(7, 1)
		r.sweeper("7")
		r.found()
		r.lab.set(func() { r.lab.projects[7].broken = refusal(gitlab.NotFound, http.StatusNotFound) })
		r.pass(3 * lookback)
		expect(t, "log lines", 1, r.logged(line))
		r.lab.move(7, 2)
		r.pass(2 * lookback)
		r.lab.set(func() { r.lab.projects[7].broken = nil })
		r.pass(every)
		expect(t, "found", []string{"7#2"}, r.found())
		r.lab.set(func() { r.lab.projects[7].broken = refusal(gitlab.NotFound, http.StatusNotFound) })
		r.pass(every)
		expect(t, "log lines after it went again", 2, r.logged(line))
	})
}
