package schedule_test

import (
	"net/http"
	"testing"
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
			inBubble(t, newLab(7), func(t *testing.T, r *rig) {
				h := r.lab.hook(7, ours(1, status))
				h.DisabledUntil = now().Add(time.Hour)
				h.fail("a", "b", "c")
				r.lab.hook(7, ours(2, gitlab.HookExecutable)) // needs nothing
				p := r.watchdog("7")
				r.pass(time.Minute)
				expect(t, "status", gitlab.HookExecutable, h.status())
				expect(t, "tests", 1, h.tested())
				expect(t, "sent again", []string{"a", "b", "c"}, h.keys())
				expect(t, "re-enabled", 1, p.metric("flowkeeper_hooks_reenabled_total"))
				expect(t, "resends", 3, p.metric("flowkeeper_hook_resends_total"))
				expect(t, "disabled", 0, p.metric("flowkeeper_hooks_disabled"))
				expect(t, "log lines", 1, r.logged("a webhook of the bot delivers again"))
			})
		})
	}
}

// A webhook that works is not tested; that it failed before is made up for. In an hour in which nothing fails it costs two requests.
func TestWorkingHook(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		h := r.lab.hook(7, ours(1, gitlab.HookDisabled))
		h.refuse("")
		h.fail("a")
		p := r.watchdog("7")
		expect(t, "disabled", 1, p.metric("flowkeeper_hooks_disabled"))
		r.pass(3 * time.Hour)
		expect(t, "tests", 4, h.tested())
		expect(t, "sent again", nil, h.keys())
		h.accept("")
		r.pass(time.Hour)
		expect(t, "disabled at last", 0, p.metric("flowkeeper_hooks_disabled"))
		expect(t, "sent at last", []string{"a"}, h.keys())
	})
}

// Most tokens may not see webhooks. That is no failure: a number to look at and one log line a day and project.
func TestHooksUnseen(t *testing.T) {
	inBubble(t, newLab(7, 8, 9), func(t *testing.T, r *rig) {
		const line = "the webhooks of a project are not looked after"
		r.lab.projects[7].private = refusal(gitlab.Permanent, http.StatusForbidden)
		r.lab.projects[8].private = refusal(gitlab.Permanent, http.StatusForbidden)
		h := r.lab.hook(9, ours(1, gitlab.HookDisabled))
		p := r.watchdog("7", "8", "9")
		expect(t, "unseen", 2, p.metric("flowkeeper_hooks_unseen"))
		expect(t, "log lines", 2, r.logged(line))
		expect(t, "status of the one that may be seen", gitlab.HookExecutable, h.status())
		r.pass(20 * time.Hour)
		expect(t, "log lines of a day", 2, r.logged(line))
		r.lab.set(func() { r.lab.projects[7].private = nil })
		r.pass(time.Hour)
		expect(t, "unseen when one may be seen", 1, p.metric("flowkeeper_hooks_unseen"))
		r.lab.set(func() { r.lab.projects[7].private = refusal(gitlab.Permanent, http.StatusForbidden) })
		r.pass(time.Hour)
		expect(t, "log lines after it may not be seen again", 3, r.logged(line))
		r.pass(3 * time.Hour)
		expect(t, "log lines of the next day", 4, r.logged(line))
	})
}

// Old GitLabs cannot say what failed; their webhooks are started again all the same.
func TestHookEventsUnknown(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		h, other := r.lab.hook(7, ours(1, gitlab.HookDisabled)), r.lab.hook(7, ours(2, gitlab.HookDisabled))
		h.events = refusal(gitlab.NotFound, http.StatusNotFound)
		other.fail("a")
		r.watchdog("7")
		expect(t, "sent again", []string{"a"}, other.keys())
		expect(t, "statuses", []string{gitlab.HookExecutable, gitlab.HookExecutable}, []string{h.status(), other.status()})
	})
}

// Replicas that were started at different times do not look more often than one. Each shows what it saw only until another one looked.
func TestReplicasShareTheWatch(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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
			sum += p.metric("flowkeeper_hooks_disabled")
		}
		expect(t, "disabled, once in all", 1, sum)
	})
}
