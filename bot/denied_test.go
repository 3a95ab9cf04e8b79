package bot_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestBlockedAccountHoldsEverything: who blocks the bot's user loses nothing. The bot says so, and goes on by itself when it is let in again.
func TestBlockedAccountHoldsEverything(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]string{
		"blocked":                    "Your account has been blocked.",
		"deactivated":                "Your account has been deactivated by your administrator.",
		"terms":                      "You (@bot) must accept the Terms of Service in order to perform this action.",
		"password expired":           "Your password expired. Please access GitLab from a web browser to update your password.",
		"address":                    "IP address is not allowed",
		"in words that nobody knows": "The moon is in the wrong quarter.",
		"for no reason":              "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, func(o *bot.Options) {
				o.Worker.Attempts, o.Worker.Backoff, o.Worker.Patience.Forbidden = 2, time.Millisecond, []time.Duration{0}
			})
			r.must(nil, r.gitlab.DenyAPI(botName, words))
			if words == "" {
				r.gitlab.FailNext(sandbox.Fault{Match: "/api/v4", Status: http.StatusForbidden, Body: `{"message":"403 Forbidden"}`, Times: -1})
			}
			var refs []triage.Ref
			for range 3 {
				ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug"}})
				r.must(nil, err)
				refs = append(refs, ref)
			}
			r.must(nil, r.heard(`"result":"retry","issue":"1#3"`, `"attempt":3`))
			if status, body := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "account") || !strings.Contains(body, words) {
				t.Errorf("/readyz is %d: %s", status, body)
			}
			if _, metrics := r.get("/metrics"); !strings.Contains(metrics, `flowkeeper_gitlab_denied{what="account"} 1`) {
				t.Error("the metrics do not tell")
			}
			if n := strings.Count(r.handled.text(), "GitLab refuses the bot; all deliveries are kept"); n != 1 {
				t.Errorf("the log says it %d times", n)
			}
			r.alive()
			r.must(nil, r.gitlab.DenyAPI(botName, ""))
			r.gitlab.ClearFaults()
			r.settle()
			for _, ref := range refs {
				if !r.gitlab.Issue(ref).Has("workflow::start") {
					t.Errorf("%s was not acted on, labels %v", ref, r.gitlab.Issue(ref).Labels)
				}
			}
			r.must(nil, r.heard("GitLab takes the bot again"))
			if _, metrics := r.get("/metrics"); !strings.Contains(metrics, `flowkeeper_gitlab_denied{what="account"} 0`) {
				t.Error("the metrics still tell")
			}
		})
	}
}

// TestStartWhileBlocked: a restart in such a time takes deliveries and handles them when it is over.
func TestStartWhileBlocked(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.must(nil, r.app.Stop())
	r.must(nil, r.gitlab.DenyAPI(botName, "Your account has been blocked."))
	app, err := bot.New(t.Context(), r.options)
	r.must(nil, err)
	r.Cleanup(func() { _ = app.Stop() })
	r.must(nil, app.Start())
	r.app = app
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug"}})
	r.must(nil, err)
	r.must(nil, r.heard("GitLab refuses the bot; deliveries are kept meanwhile", "Your account has been blocked"))
	if status, body := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "unblock") {
		t.Errorf("/readyz is %d: %s", status, body)
	}
	r.must(nil, r.gitlab.DenyAPI(botName, ""))
	select {
	case <-app.Ready():
	case err := <-app.Failed():
		t.Fatal(err)
	case <-time.After(reachable):
		t.Fatal("the bot is not ready")
	}
	r.settle()
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// heard waits for a line of the log that holds all of the words.
func (r *rig) heard(words ...string) error {
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	return r.handled.await(ctx, func() bool {
		for line := range strings.Lines(r.handled.text()) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// get asks the operator's window.
func (r *rig) get(path string) (int, string) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.app.AdminURL()+path, nil)
	r.must(nil, err)
	return r.fetch(req)
}

// fetch makes a request.
func (r *rig) fetch(req *http.Request) (int, string) {
	r.Helper()
	resp, err := http.DefaultClient.Do(req)
	r.must(nil, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	r.must(nil, err)
	return resp.StatusCode, string(body)
}
