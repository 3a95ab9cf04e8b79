package bot_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// ready is what /readyz answers.
func (r *rig) ready() (int, string) {
	r.Helper()
	resp, err := http.Get(r.app.AdminURL() + "/readyz")
	r.must(nil, err)
	body, err := io.ReadAll(resp.Body)
	r.must(nil, err)
	r.must(nil, resp.Body.Close())
	return resp.StatusCode, string(body)
}

// TestRedisAway takes Redis away: webhooks are still answered 202, /readyz says degraded, and all is done when Redis is back.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.RedisURL = redis.URL() })
	redis.Kill()
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	r.must(nil, err)
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.Quiet(t.Context()))
	for _, d := range r.gitlab.Deliveries() {
		if d.Status != http.StatusAccepted {
			t.Errorf("%s was answered %d %s", d.Action, d.Status, d.Answer)
		}
	}
	if status, body := r.ready(); status != http.StatusOK || !strings.Contains(body, "degraded") || !strings.Contains(body, "spool") {
		t.Errorf("readyz: %d %s", status, body)
	}
	redis.Restart()
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		i := r.gitlab.Issue(ref)
		return i.Weight != nil && *i.Weight == 3 && i.Has("workflow::start")
	}))
}

// TestFullInboxAnswers503: a bound that is reached is said, and GitLab is asked to come again.
func TestFullInboxAnswers503(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Max = 1; o.Settle = time.Hour })
	for range 2 {
		r.must(r.gitlab.Open("ann", r.project, planned))
	}
	r.must(nil, r.gitlab.Quiet(t.Context()))
	refused := slices.DeleteFunc(r.gitlab.Deliveries(), func(d sandbox.Delivery) bool { return d.Status == http.StatusAccepted })
	if len(refused) != 1 || refused[0].Status != http.StatusServiceUnavailable || refused[0].Answer == "" {
		t.Errorf("want one of two refused with 503 and a reason, got %+v", refused)
	}
}

// TestSweepCatchesUp drops webhooks, one with a command, and has the bot look after them.
func TestSweepCatchesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Sweep = 100 * time.Millisecond; o.Projects = []string{"team/project"} })
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	r.must(nil, r.gitlab.Await(t.Context(), func() bool { return r.gitlab.Issue(ref).Has("devops::create") }))
	id, err := r.gitlab.Comment("omar", ref, "/flow next")
	r.must(nil, err)
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		reactions, _ := r.answer(ref, id)
		return slices.Equal(reactions, []string{triage.DoneEmoji})
	}))
	r.must(r.gitlab.Comment("ann", ref, "just talk"))
	r.settle()
	r.restart() // which sweeps again
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::validation backlog") {
		t.Errorf("labels %v, want one step", i.Labels)
	}
	r.done(ref, id)
}
