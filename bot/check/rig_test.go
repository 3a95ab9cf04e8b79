package check_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/check"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
	"flowkeeper/config"
	"flowkeeper/rules"
)

const (
	token   = "glpat-Secret-0123456789"
	secret  = "the-webhooks-own-secret"
	address = "https://bot.example/webhooks/gitlab"
)

// direct hands requests to a handler without a network, so that a test can have a clock of its own. Off is by how much the handler's clock is ahead.
type direct struct {
	http.Handler
	off time.Duration
}

// RoundTrip implements http.RoundTripper. A handler that breaks the connection gives no answer.
func (d direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil {
			resp, err = nil, errors.New("EOF")
		}
	}()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	resp = w.Result()
	resp.Header.Set("Date", time.Now().Add(d.off).UTC().Format(http.TimeFormat))
	return resp, r.Context().Err()
}

// answers is a receiver that answers every delivery with a status.
func answers(status int) http.RoundTripper {
	return direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })}
}

// rig is a GitLab with a project g/one that has all that the bot needs, and what is asked of it.
type rig struct {
	*sandbox.Server
	t *testing.T
	o check.GitLabOptions
}

// newRig makes a rig in which the bot is an Owner. Off is by how much GitLab's clock is ahead.
func newRig(t *testing.T, o sandbox.Options, off time.Duration) *rig {
	t.Helper()
	o.Token, o.Now, o.BotLevel = token, time.Now, sandbox.Owner
	r := &rig{Server: sandbox.New(o), t: t}
	t.Cleanup(r.Close)
	r.AddProject("g/one")
	client, err := gitlab.New(gitlab.Options{URL: "http://gitlab.example", Token: token, HTTP: &http.Client{Transport: direct{r.Server, off}}})
	if err != nil {
		t.Fatal(err)
	}
	policy := config.Default(rules.Catalogue()).Policy()
	r.o = check.GitLabOptions{
		URL: "http://gitlab.example", GitLab: client, Signed: true, Now: time.Now, Step: func(int, int) {},
		Setup: setup.Options{
			Targets: []string{"g/one"}, Labels: setup.Labels(policy), Team: policy.Team, Milestone: "Backlog", Events: setup.Events(policy), URL: address,
			Secret: setup.Credential{Variable: "FLOWKEEPER_WEBHOOK_SECRET", Values: []string{secret}},
		},
	}
	for _, l := range r.o.Setup.Labels {
		r.must(r.AddLabel(1, l.Name, l.Color, l.Description))
	}
	_, err = r.AddMilestone(1, "Backlog")
	r.must(err)
	r.hook(sandbox.Hook{})
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// hook adds a webhook to the bot's address.
func (r *rig) hook(h sandbox.Hook) {
	r.t.Helper()
	h.URL, h.Token = address, secret
	_, err := r.AddHook(1, h)
	r.must(err)
}

// deliver has something happen, and waits until the webhook has been answered or given up.
func (r *rig) deliver(times int) {
	r.t.Helper()
	for range times {
		_, err := r.Open(r.BotUser(), 1, sandbox.IssueOptions{Title: "A button is green"})
		r.must(err)
		r.must(r.AwaitDelivered(r.t.Context()))
	}
}

// look gives the findings as they are printed. No secret may be among them.
func (r *rig) look() string {
	r.t.Helper()
	return printed(r.t, check.InGitLab(r.o))
}

// printed lets parts look, and prints what they found.
func printed(t *testing.T, parts ...check.Part) string {
	t.Helper()
	var out bytes.Buffer
	check.Print(&out, check.Run(t.Context(), parts...))
	for _, s := range []string{token, secret} {
		if strings.Contains(out.String(), s) {
			t.Errorf("a secret is printed:\n%s", out.String())
		}
	}
	return out.String()
}
