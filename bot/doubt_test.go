package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

// story is an issue from its opening to a command, with most of the calls that the bot makes: it must come out the same however old the reads
// are.
func (r *rig) story() (outcome string) {
	r.Helper()
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security"}, Description: "d"})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design", "type::bug", "severity::1", "priority::1"}})
	first := r.say("omar", ref, "/flow weight 3")
	blocker, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "other", Labels: []string{"group::other"}})
	r.must(nil, err)
	r.settle()
	second := r.say("omar", ref, fmt.Sprintf("/flow blocked by #%d", blocker.IID))
	third := r.say("ann", ref, "/flow next week")
	i := r.gitlab.Issue(ref)
	labels := slices.Sorted(slices.Values(i.Labels))
	weight := "none"
	if i.Weight != nil {
		weight = fmt.Sprint(*i.Weight)
	}
	answers := ""
	for _, id := range []int64{first, second, third} {
		reactions, replies := r.answer(ref, id)
		answers += fmt.Sprint(reactions, len(replies), " ")
	}
	return fmt.Sprintf("labels %v, weight %s, answers %s, note %q, dead %d", labels, weight, answers, r.note(ref), len(r.dead()))
}

// TestStaleReads: reads show the state of a while ago, in which the newest changes, comments, even the issue itself are not there. The bot
// waits, and acts on what was delivered.
func TestStaleReads(t *testing.T) {
	t.Parallel()
	want := newRig(t, sandbox.Premium, nil).story()
	for _, reads := range []int{1, 2, 3, 5, 8} {
		t.Run(fmt.Sprintf("%d", reads), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, func(o *bot.Options) {
				o.Worker.Patience = worker.Patience{Gone: make([]time.Duration, 10), Stale: make([]time.Duration, 10)} // longer than it lags
			})
			r.lag = reads
			if got := r.story(); got != want {
				t.Errorf("got  %s\nwant %s\n%s", got, want, calls(r))
			}
		})
	}
}

// TestStaleForLong: a copy that does not catch up is not waited for. What was delivered counts.
func TestStaleForLong(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	r.gitlab.LagReads(1000)
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2), AddLabels: []string{"workflow::design"}})
	if i := r.gitlab.Issue(ref); i.Weight == nil || *i.Weight != 3 || !i.Has("UX") {
		t.Errorf("weight %v, labels %v; want the security level and UX\n%s", i.Weight, i.Labels, calls(r))
	}
}

// TestDeletedCommentIsNotRun: a comment that GitLab does not know for minutes, nor lists, was taken back.
func TestDeletedCommentIsNotRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Hold})
	id, err := r.gitlab.Comment("omar", ref, "/flow weight 3")
	r.must(nil, err)
	r.must(nil, r.gitlab.DeleteNote("omar", ref, id))
	r.must(nil, r.gitlab.ReleaseHeld())
	r.settle()
	if i := r.gitlab.Issue(ref); i.Weight != nil {
		t.Errorf("weight %d of a comment that was deleted", *i.Weight)
	}
}

func calls(r *rig) string {
	var b strings.Builder
	for _, c := range r.gitlab.Calls() {
		fmt.Fprintln(&b, c.Status, c.Line)
	}
	for _, d := range r.gitlab.Deliveries() {
		fmt.Fprintln(&b, d.State, d.Status, d.Event, d.Answer, d.Err)
	}
	return b.String()
}
