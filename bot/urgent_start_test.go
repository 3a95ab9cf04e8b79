package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestStartGoesFirst: what a start, /readyz and a reload ask GitLab comes before the work of other replicas: the whole fleet may have more to do
// than it may.
func TestStartGoesFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Schedule.Projects = []string{"team/project"}
		o.Policy.Team.Store = triage.StoreBoth
	})
	check := func(when string) {
		t.Helper()
		_, metrics := r.get("/metrics")
		const waits = "flowkeeper_gitlab_budget_waits_seconds_count"
		if !strings.Contains(metrics, waits+`{class="command"} `) || strings.Contains(metrics, waits+`{class="ordinary"} `) {
			t.Errorf("%s: some of these calls were not urgent: %v", when, r.gitlab.Calls())
		}
	}
	started := len(r.gitlab.Calls())
	if started < 3 {
		t.Errorf("the start asked %v, want also what the token may do, and about statuses", r.gitlab.Calls())
	}
	check("after the start")
	if status, text := r.get("/readyz"); status != 200 {
		t.Errorf("/readyz is %d: %s", status, text)
	}
	check("after /readyz")
	next := r.options
	next.GitLab.Token = "glpat-another-token-of-the-bot"
	r.must(nil, r.gitlab.AddToken(botName, next.GitLab.Token))
	r.must(nil, r.app.Reload(t.Context(), next))
	asked := len(r.gitlab.Calls())
	r.must(nil, r.await(func() bool { return len(r.gitlab.Calls()) >= asked+started-1 }))
	check("after the reload")
}
