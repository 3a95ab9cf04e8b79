package bot_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// shadowCount is how much a rule in shadow would have done so far; "" is nothing yet.
func (r *rig) shadowCount(rule string) string {
	r.Helper()
	resp, err := http.Get(r.app.AdminURL() + "/metrics")
	r.must(nil, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	r.must(nil, err)
	if m := regexp.MustCompile(`flowkeeper_shadow_total\{rule="` + rule + `"\} (\d+)`).FindSubmatch(body); m != nil {
		return string(m[1])
	}
	return ""
}

// TestShadowCountsOnce: what rules in shadow would do is counted once on an issue, also over a restart, until people change it; what they would
// ask for is counted when the grace period is over, if people have not done it by then. Nothing is written, and no call is made for it but to
// find out whether anything is known of the issue.
func TestShadowCountsOnce(t *testing.T) {
	t.Parallel()
	const grace = 700 * time.Millisecond
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		for n := range o.Policy.Settings {
			o.Policy.Settings[n].Mode = triage.Shadow
		}
		o.Policy.Grace = grace
	})
	expect := func(when, rule, want string) {
		t.Helper()
		if got := r.shadowCount(rule); got != want {
			t.Errorf("%s: %s would have done %q things, want %q", when, rule, got, want)
		}
	}
	ref := r.open(sandbox.IssueOptions{Title: "A button is green"})
	expect("opened", "workflow-intake", "1")
	expect("opened", "team-labels", "4")
	r.must(r.gitlab.Comment("ann", ref, "just talk"))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"x"}})
	expect("after two events", "workflow-intake", "1")
	expect("after two events", "team-labels", "4")
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	if err := r.handled.await(ctx, func() bool { return r.shadowCount("needs-type") != "" }); err != nil {
		t.Fatalf("the reminder is not counted after the grace period\n%s", r.handled.text())
	}
	expect("after the grace period", "needs-type", "1")
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"backend"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"backend"}})
	expect("done by people and taken back", "team-labels", "5")
	r.restart() // with counters at 0
	r.must(r.gitlab.Comment("ann", ref, "more talk"))
	r.settle()
	expect("restarted", "team-labels", "")
	if _, writes := r.calls(); len(writes) > 0 || r.note(ref) != "" {
		t.Errorf("it wrote %v", writes)
	}
}
