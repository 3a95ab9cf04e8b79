package bot_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestRedisAway takes Redis away: webhooks are still answered 202, /readyz says degraded, and all is done when Redis is back.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	redis.Kill()
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	r.must(nil, err)
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	for _, d := range r.gitlab.Deliveries() {
		if d.Status != http.StatusAccepted {
			t.Errorf("%s was answered %d %s", d.Action, d.Status, d.Answer)
		}
	}
	if status, body := r.get("/readyz"); status != http.StatusOK || !strings.Contains(body, "degraded") || !strings.Contains(body, "spool") {
		t.Errorf("readyz: %d %s", status, body)
	}
	redis.Restart()
	r.must(nil, r.await(func() bool {
		i := r.gitlab.Issue(ref)
		return i.Weight != nil && *i.Weight == 3 && i.Has("workflow::start")
	}))
}

// TestRestartWhileRedisIsAway: what a first start takes for a mistake, a restart bridges.
func TestRestartWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	redis.Kill()
	r.restart()
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	for _, d := range r.gitlab.Deliveries() {
		if d.Status != http.StatusAccepted {
			t.Errorf("%s was answered %d %s", d.Action, d.Status, d.Answer)
		}
	}
	if status, body := r.get("/readyz"); status != http.StatusOK || !strings.Contains(body, "degraded") {
		t.Errorf("readyz: %d %s", status, body)
	}
	redis.Restart()
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has("backend") }))
}

// TestFullSpoolAnswers503: Redis is away and the spool is full. GitLab is asked to come again, and /readyz says so, until Redis is back.
func TestFullSpoolAnswers503(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, func(o *bot.Options) { o.Inbox.Spool = 1 })
	redis.Kill()
	for range 2 {
		r.must(r.gitlab.Open("ann", r.project, planned))
	}
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	refused := slices.DeleteFunc(r.gitlab.Deliveries(), func(d sandbox.Delivery) bool { return d.Status == http.StatusAccepted })
	if len(refused) != 1 || refused[0].Status != http.StatusServiceUnavailable {
		t.Errorf("want one of two refused with 503, got %+v", refused)
	}
	if status, body := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "the spool is full") {
		t.Errorf("readyz: %d %s", status, body)
	}
	redis.Restart()
	r.must(nil, r.await(func() bool { status, _ := r.get("/readyz"); return status == http.StatusOK }))
}

// TestFullInboxAnswers503: a bound that is reached is said, and GitLab is asked to come again.
func TestFullInboxAnswers503(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Inbox.Max = 1; o.Policy.Settle = time.Hour })
	for range 2 {
		r.must(r.gitlab.Open("ann", r.project, planned))
	}
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	refused := slices.DeleteFunc(r.gitlab.Deliveries(), func(d sandbox.Delivery) bool { return d.Status == http.StatusAccepted })
	if len(refused) != 1 || refused[0].Status != http.StatusServiceUnavailable || refused[0].Answer == "" {
		t.Errorf("want one of two refused with 503 and a reason, got %+v", refused)
	}
}

// TestThousandEventsCostFewCalls: what matters is how many issues moved, not how often. The workers are held at their first writes until all
// events are in the mailboxes, and no state grows old, so that the count does not hang on how fast this machine is.
func TestThousandEventsCostFewCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Worker.Freshness = time.Hour })
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Wait: hold, Times: r.options.Worker.Workers})
	var refs []triage.Ref
	for range 100 {
		ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t"})
		r.must(nil, err)
		refs = append(refs, ref)
	}
	for n := range 9 {
		for _, ref := range refs {
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(n % 3), AddLabels: []string{strings.Repeat("x", n+1)}}))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), reachable)
	defer cancel()
	r.must(nil, r.gitlab.AwaitDelivered(ctx))
	close(hold)
	r.must(nil, r.await(func() bool {
		return !slices.ContainsFunc(refs, func(ref triage.Ref) bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) == 0 })
	}))
	r.settle()
	reads, writes := r.calls()
	if len(writes) > 250 || len(r.gitlab.Deliveries()) < 1000 {
		t.Errorf("%d writes for %d events, want at most 250", len(writes), len(r.gitlab.Deliveries()))
	}
	// Whether an issue is young enough to have no past is a matter of time; its past is looked at once.
	if most := 6 * len(refs); len(reads) > most {
		t.Errorf("%d reads, want at most %d", len(reads), most)
	}
}

// TestFailuresByKind: what may get better is tried again until it is done, what will not is kept as a dead letter at once.
func TestFailuresByKind(t *testing.T) {
	t.Parallel()
	for status, buried := range map[int]bool{
		http.StatusInternalServerError: false, http.StatusBadGateway: false, http.StatusServiceUnavailable: false, http.StatusGatewayTimeout: false,
		http.StatusTooManyRequests: false, http.StatusRequestTimeout: false, http.StatusConflict: false, http.StatusUnauthorized: false,
		http.StatusBadRequest: true, http.StatusForbidden: true, http.StatusUnprocessableEntity: true,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: status, Times: 2})
			ref := r.open(planned)
			dead := r.dead()
			if done := r.gitlab.Issue(ref).Has("devops::create"); done == buried || (len(dead) == 1) != buried {
				t.Errorf("done %t, dead letters %+v", done, dead)
			}
		})
	}
}
