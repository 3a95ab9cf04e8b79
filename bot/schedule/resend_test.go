package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
)

// GitLab sends five deliveries of a webhook again in a minute; all of them come in the end, and webhooks do not wait for each other.
func TestResendRate(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
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
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
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

// One round holds 20,000 events; a webhook that comes later in a round that is full waits for a later one.
func TestFullBacklog(t *testing.T) {
	inBubble(t, newLab(7, 8), func(t *testing.T, r *rig) {
		busy, other := r.lab.hook(7, ours(1, gitlab.HookExecutable)), r.lab.hook(8, ours(2, gitlab.HookExecutable))
		for n := range 20_000 {
			busy.fail(fmt.Sprint(n))
		}
		other.fail("a")
		r.watchdog("7", "8")
		expect(t, "asked", []string{"hooks 7", "events 7", "hooks 8", "resend 7"}, r.lab.requests())
		r.lab.set(func() { busy.failed = nil })
		r.pass(3 * time.Hour)
		expect(t, "sent again", []string{"a"}, other.keys())
	})
}

// What was sent again is not sent again, by whatever process; what is older than the lookback is not sent at all.
func TestResendOnce(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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
			inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
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

// Every kind of delivery that the receiver takes is sent again, and no other.
func TestResendKinds(t *testing.T) {
	inBubble(t, newLab(7), func(t *testing.T, r *rig) {
		h := r.lab.hook(7, ours(1, gitlab.HookExecutable))
		wanted := []string{
			"issue_hooks", "confidential_issue_hooks", "work_item_hooks", "merge_request_hooks", "note_hooks", "confidential_note_hooks", "emoji_hooks", "",
		}
		h.fail(wanted...)
		h.fail("push_hooks", "tag_push_hooks", "pipeline_hooks", "milestone_hooks", "job_hooks")
		for n := range h.failed {
			h.failed[n].Trigger, h.failed[n].Key = h.failed[n].Key, fmt.Sprint(n)
		}
		r.watchdog("7")
		r.pass(10 * time.Minute)
		var sent []string
		for n := range wanted {
			sent = append(sent, fmt.Sprint(n))
		}
		expect(t, "sent again", sent, h.keys())
	})
}
