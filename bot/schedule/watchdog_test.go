package schedule_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/schedule"
)

// watchdog starts a scheduler that only looks after the webhooks of these projects, every hour.
func (r *rig) watchdog(projects ...string) *process {
	return r.start(func(o *schedule.Options) { o.Projects, o.Every, o.Hooks = projects, 0, time.Hour })
}

func ours(id int64, status string) *hook {
	return &hook{Hook: gitlab.Hook{ID: id, URL: ourURL, AlertStatus: status}, refuses: map[string]bool{}}
}

// A disabled webhook is started again, and what it failed to deliver is sent again, the oldest first.
func TestDisabledHook(t *testing.T) {
	t.Parallel()
	for _, status := range []string{gitlab.HookPaused, gitlab.HookDisabled} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, newLab(7))
				h := r.lab.hook(7, ours(1, status))
				h.DisabledUntil = now().Add(time.Hour)
				h.fail("a", "b", "c")
				p := r.watchdog("7")
				r.pass(time.Minute)
				expect(t, "status", gitlab.HookExecutable, h.status())
				expect(t, "tests", 1, h.tested())
				expect(t, "sent again", []string{"a", "b", "c"}, h.keys())
				expect(t, "re-enabled", 1, p.metric("flowkeeper_hooks_reenabled_total", ""))
				expect(t, "resends", 3, p.metric("flowkeeper_hook_resends_total", ""))
				expect(t, "disabled", 0, p.metric("flowkeeper_hooks_disabled", ""))
				expect(t, "log lines", 1, r.logged("a webhook of the bot delivers again"))
			})
		})
	}
}

// A webhook that works is not tested; that it failed before is made up for. In an hour in which nothing fails it costs two requests.
func TestWorkingHook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
		old := r.lab.hook(7, ours(2, "")) // a GitLab that does not know of disabled webhooks
		h.fail("a")
		old.fail("b")
		r.watchdog("7")
		r.pass(time.Minute)
		expect(t, "tests", 0, h.tested()+old.tested())
		expect(t, "sent again", []string{"a"}, h.keys())
		r.lab.requests()
		r.pass(time.Hour)
		expect(t, "asked", []string{"hooks 7", "events 7", "events 7"}, r.lab.requests())
	})
}

func TestHookThatStaysDisabled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookDisabled))
		h.refuse("")
		h.fail("a")
		p := r.watchdog("7")
		expect(t, "disabled", 1, p.metric("flowkeeper_hooks_disabled", ""))
		r.pass(3 * time.Hour)
		expect(t, "tests", 4, h.tested())
		expect(t, "sent again", nil, h.keys())
		h.accept("")
		r.pass(time.Hour)
		expect(t, "disabled at last", 0, p.metric("flowkeeper_hooks_disabled", ""))
		expect(t, "sent at last", []string{"a"}, h.keys())
	})
}

// Only webhooks that lead to the bot are touched: neither tested nor asked for their deliveries.
func TestForeignHooks(t *testing.T) {
	t.Parallel()
	full := []string{ourURL}
	path := []string{"/webhooks/gitlab"}
	for _, tt := range []struct {
		name string
		urls []string
		hook string
		ours bool
	}{
		{"the same address", full, ourURL, true},
		{"a slash at the end", full, ourURL + "/", true},
		{"a query", full, ourURL + "?from=gitlab", true},
		{"the host in capitals", full, "https://Bot.Example.com/webhooks/gitlab", true},
		{"the usual port", full, "https://bot.example.com:443/webhooks/gitlab", true},
		{"without TLS", full, "http://bot.example.com/webhooks/gitlab", true},
		{"another host", full, "https://other.example.com/webhooks/gitlab", false},
		{"a host that ends alike", full, "https://notbot.example.com/webhooks/gitlab", false},
		{"another port", full, "https://bot.example.com:8443/webhooks/gitlab", false},
		{"another path", full, "https://bot.example.com/webhooks", false},
		{"below another path", full, "https://bot.example.com/other/webhooks/gitlab", false},
		{"a longer path", full, ourURL + "/more", false},
		{"our address in the query", full, "https://other.example.com/?to=" + ourURL, false},
		{"our host as a user", full, "https://bot.example.com@other.example.com/webhooks/gitlab", false},
		{"a hidden host", full, "https://{host}/webhooks/gitlab", false},
		{"no address", full, "", false},
		{"one of several", []string{"https://old.example.com/hook", ourURL}, ourURL, true},
		{"any host with the path", path, "https://other.example.com/webhooks/gitlab", true},
		{"below a path", path, "https://other.example.com/flowkeeper/webhooks/gitlab", true},
		{"a segment that ends alike", path, "https://other.example.com/webhooks/gitlab-ci", false},
		{"a segment that begins otherwise", path, "https://other.example.com/xwebhooks/gitlab", false},
		{"the path in the query", path, "https://other.example.com/?to=/webhooks/gitlab", false},
		{"nothing is ours", nil, ourURL, false},
		{"no address but a host", []string{"bot.example.com/webhooks/gitlab"}, ourURL, false},
		{"no path", []string{"https://bot.example.com/"}, "https://bot.example.com/", false},
		{"no address at all", []string{":"}, ourURL, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, newLab(7))
				h := r.lab.hook(7, ours(1, gitlab.HookDisabled))
				h.URL = tt.hook
				h.fail("a")
				r.start(func(o *schedule.Options) { o.Projects, o.Every, o.Hooks, o.URLs = []string{"7"}, 0, time.Hour, tt.urls })
				want := []string{"hooks 7"}
				if tt.ours {
					want = []string{"hooks 7", "test 7", "hooks 7", "events 7", "resend 7"}
				}
				expect(t, "asked", want, r.lab.requests())
			})
		})
	}
}

// GitLab sends five deliveries of a webhook again in a minute; all of them come in the end, and webhooks do not wait for each other.
func TestResendRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7, 8))
		one, other := r.lab.hook(7, ours(1, gitlab.HookExecutable)), r.lab.hook(8, ours(2, gitlab.HookExecutable))
		for n := range 30 {
			one.fail(fmt.Sprint(n))
			other.fail(fmt.Sprint(n))
		}
		r.watchdog("7", "8")
		r.pass(5 * time.Minute)
		if n := len(one.keys()); n < 20 || n > 25 || len(other.keys()) != n {
			t.Errorf("%d and %d were sent again in five minutes, want about 25 each", n, len(other.keys()))
		}
		r.pass(5 * time.Minute)
		expect(t, "sent again", 30, len(one.keys()))
		expect(t, "refused", 0, r.logged("missed deliveries cannot be sent again for now"))
	})
}

// However much there is to be sent again, the webhooks are looked after every hour.
func TestLongBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7, 8))
		busy, other := r.lab.hook(7, ours(1, gitlab.HookExecutable)), r.lab.hook(8, ours(2, gitlab.HookExecutable))
		for n := range 600 {
			busy.fail(fmt.Sprint(n))
		}
		r.watchdog("7", "8")
		r.pass(30 * time.Minute)
		r.lab.set(func() { other.AlertStatus = gitlab.HookDisabled })
		r.pass(35 * time.Minute)
		expect(t, "status", gitlab.HookExecutable, other.status())
		r.pass(2 * time.Hour)
		expect(t, "sent again", 600, len(busy.keys()))
	})
}

// What was sent again is not sent again, by whatever process; what is older than the lookback is not sent at all.
func TestResendOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
		h.fail("old")
		r.pass(lookback + time.Minute)
		h.fail("a", "b", "b", "c")
		h.failed[1].Trigger = "push_hooks"
		p := r.watchdog("7")
		r.pass(time.Minute)
		expect(t, "sent again", []string{"b", "c"}, h.keys())
		r.pass(2 * time.Hour)
		p.stop()
		r.pass(time.Second)
		r.watchdog("7")
		h.fail("d")
		r.pass(2 * time.Hour)
		expect(t, "sent again in all", []string{"b", "c", "d"}, h.keys())
	})
}

// A process that dies in the middle is followed by one that goes on where it was.
func TestResendGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
		h.fail("a", "b", "c")
		p := r.watchdog("7")
		r.pass(20 * time.Second)
		p.stop()
		r.pass(time.Minute)
		expect(t, "sent by the first", []string{"a", "b"}, h.keys())
		r.watchdog("7")
		expect(t, "sent in all", []string{"a", "b", "c"}, h.keys())
	})
}

// A receiver that takes nothing is left alone before GitLab disables its webhook. A delivery that it never takes does not hold up the others.
func TestReceiverRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*hook)
		want   []string
	}{
		"everything":  {func(h *hook) { h.refuse("") }, []string{"a", "b", "c"}},
		"one":         {func(h *hook) { h.refuse("b") }, []string{"a", "b", "c", "d", "e", "f"}},
		"every other": {func(h *hook) { h.refuse("a"); h.refuse("c"); h.refuse("e") }, []string{"a", "b", "c", "d", "e", "f"}},
		"two gone":    {func(h *hook) { h.gone = map[string]bool{"b": true, "c": true} }, []string{"a", "d", "e", "f"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, newLab(7))
				h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
				h.fail("a", "b", "c", "d", "e", "f")
				tt.change(h)
				r.watchdog("7")
				r.pass(30 * time.Minute)
				expect(t, "sent again", tt.want, h.keys())
			})
		})
	}
}

// What was refused is in GitLab's list once more and is tried in the next hour.
func TestRefusedIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
		h.fail("a", "b")
		h.refuse("")
		r.watchdog("7")
		r.pass(30 * time.Minute)
		h.accept("")
		r.pass(2 * time.Hour)
		expect(t, "sent again", []string{"a", "b", "a", "b"}, h.keys())
	})
}

// People have deliveries sent again, too, and use up the minute's five.
func TestResendWaitsForPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
		h.fail("a", "b")
		for range 5 {
			h.sent = append(h.sent, sent{"by hand", time.Now()})
		}
		r.watchdog("7")
		expect(t, "sent at once", 5, len(h.keys()))
		r.pass(5 * time.Minute)
		expect(t, "sent again", []string{"a", "b"}, h.keys()[5:])
	})
}

// Most tokens may not see webhooks. That is no failure: a number to look at and one log line a day and project.
func TestHooksUnseen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const line = "the webhooks of a project are not looked after"
		r := newRig(t, newLab(7, 8, 9))
		r.lab.projects[7].private = refusal(gitlab.GiveUp, http.StatusForbidden)
		r.lab.projects[8].private = refusal(gitlab.GiveUp, http.StatusForbidden)
		h := r.lab.hook(9, ours(1, gitlab.HookDisabled))
		p := r.watchdog("7", "8", "9")
		expect(t, "unseen", 2, p.metric("flowkeeper_hooks_unseen", ""))
		expect(t, "log lines", 2, r.logged(line))
		expect(t, "status of the one that may be seen", gitlab.HookExecutable, h.status())
		r.pass(20 * time.Hour)
		expect(t, "log lines of a day", 2, r.logged(line))
		r.lab.set(func() { r.lab.projects[7].private = nil })
		r.pass(time.Hour)
		expect(t, "unseen when one may be seen", 1, p.metric("flowkeeper_hooks_unseen", ""))
		r.lab.set(func() { r.lab.projects[7].private = refusal(gitlab.GiveUp, http.StatusForbidden) })
		r.pass(time.Hour)
		expect(t, "log lines after it may not be seen again", 3, r.logged(line))
		r.pass(3 * time.Hour)
		expect(t, "log lines of the next day", 4, r.logged(line))
	})
}

// Old GitLabs cannot say what failed; their webhooks are started again all the same.
func TestHookEventsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h, other := r.lab.hook(7, ours(1, gitlab.HookDisabled)), r.lab.hook(7, ours(2, gitlab.HookDisabled))
		h.events = refusal(gitlab.Gone, http.StatusNotFound)
		other.fail("a")
		r.watchdog("7")
		expect(t, "sent again", []string{"a"}, other.keys())
		expect(t, "statuses", []string{gitlab.HookExecutable, gitlab.HookExecutable}, []string{h.status(), other.status()})
	})
}

// Replicas that were started at different times do not look more often than one. Each shows what it saw only until another one looked.
func TestReplicasShareTheWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newLab(7))
		h := r.lab.hook(7, ours(1, gitlab.HookDisabled))
		h.refuse("")
		var all []*process
		for n := range 3 {
			all = append(all, r.start(func(o *schedule.Options) {
				o.Projects, o.Every, o.Hooks = []string{"7"}, 0, time.Hour
				o.Jitter = func() float64 { return float64(n) / 3 }
			}))
			r.pass(10 * time.Minute)
		}
		expect(t, "tests at the starts", 3, h.tested())
		r.pass(10 * time.Hour)
		expect(t, "tests in all", 3+10, h.tested())
		sum := 0.0
		for _, p := range all {
			sum += p.metric("flowkeeper_hooks_disabled", "")
		}
		expect(t, "disabled, once in all", 1, sum)
	})
}
