package bot_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/config"
	"flowkeeper/rules"
)

// knock sends a delivery that is of no interest, with a secret, and returns the status of the answer.
func knock(ctx context.Context, client *http.Client, address, secret string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(`{"object_kind":"push"}`))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Gitlab-Token", secret)
	r.Header.Set("X-Gitlab-Event", "Push Hook")
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

// hostOf is the host and port of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Host
}

// answered checks how a secret is answered.
func (r *rig) answered(when, secret string, want int) {
	r.Helper()
	if got, err := knock(r.Context(), http.DefaultClient, r.app.URL(), secret); err != nil || got != want {
		r.Errorf("%s: answered %d, %v; want %d", when, got, err, want)
	}
}

// TestSecretsRotateWhileDeliveriesFlow: as long as both sides know one secret in common, no delivery is refused.
func TestSecretsRotateWhileDeliveriesFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Webhook.SigningTokens = nil })
	// flow sends deliveries with a secret while the accepted ones change.
	flow := func(sent string, accepted ...string) {
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() {
				for range 25 {
					if status, err := knock(r.Context(), http.DefaultClient, r.app.URL(), sent); err != nil || status != http.StatusAccepted {
						t.Errorf("sent %s, accepted %v: answered %d, %v", sent, accepted, status, err)
					}
				}
			})
		}
		next := r.options
		next.Webhook.Secrets = accepted
		if err := r.app.Reload(t.Context(), next); err != nil {
			t.Errorf("accepting %v: %v", accepted, err)
		}
		senders.Wait()
	}
	last := secret
	for n := range 5 {
		next := fmt.Sprint("secret-", n)
		flow(last, last, next)
		flow(next, next)
		r.answered("the one before", last, http.StatusUnauthorized)
		last = next
	}
}

// TestReloadIsAllOrNothing refuses what is wrong, all of it, and goes on as before.
func TestReloadIsAllOrNothing(t *testing.T) {
	t.Parallel()
	const refused, strangers = "glpat-nobody-knows-it", "glpat-of-somebody-else"
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		behind, err := url.Parse(o.GitLab.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(behind)
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if q.Header.Get("Private-Token") != strangers {
				proxy.ServeHTTP(w, q)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id":4711,"username":"stranger","name":"Stranger"}`)
		}))
		t.Cleanup(front.Close)
		o.GitLab.URL = front.URL
	})
	for _, test := range []struct {
		name   string
		change func(*bot.Options)
		want   []string
	}{
		{"no secrets", func(o *bot.Options) { o.Webhook.Secrets, o.Webhook.SigningTokens = nil, nil }, []string{"neither a webhook secret nor a signing token"}},
		{"a token that GitLab refuses", func(o *bot.Options) { o.GitLab.Token = refused }, []string{"does not accept the new token", "401"}},
		{"somebody else's token", func(o *bot.Options) { o.GitLab.Token = strangers }, []string{"@stranger", "@" + botName, "needs a restart"}},
		{"no token", func(o *bot.Options) { o.GitLab.Token = "" }, []string{"no GitLab token is given"}},
		{"several", func(o *bot.Options) { o.GitLab.Token, o.Webhook.SigningTokens = refused, []string{"x"} }, []string{"does not accept", "signing token 1 of 1"}},
	} {
		next := r.options
		next.Webhook.Secrets = []string{"another-secret"}
		test.change(&next)
		err := r.app.Reload(t.Context(), next)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", test.name, err, want)
			}
		}
		if err != nil && (strings.Contains(err.Error(), refused) || strings.Contains(err.Error(), strangers)) {
			t.Errorf("%s: %v shows the token", test.name, err)
		}
		r.answered(test.name+", the old secret", secret, http.StatusAccepted)
		r.answered(test.name+", the new secret", "another-secret", http.StatusUnauthorized)
	}
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("the issue has the labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// TestPrefixOfCommandsChanges for the receiver, which hurries commands on, and for the workers, which run them.
func TestPrefixOfCommandsChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	c := config.Default(rules.Catalogue())
	c.Commands.Prefix, c.Inbox.Grace = "robot", 0
	next := r.options
	next.Policy = c.Policy()
	r.must(nil, r.app.Reload(t.Context(), next))
	r.comment("mia", ref, "/flow weight 3")
	if w := r.gitlab.Issue(ref).Weight; w != nil {
		t.Errorf("the old word still works: weight %d", *w)
	}
	r.comment("mia", ref, "/robot weight 2")
	if w := r.gitlab.Issue(ref).Weight; w == nil || *w != 2 {
		t.Errorf("the new word does not work: weight %v\n%s", w, r.note(ref))
	}
}

// TestConnectionsAreBounded has room for one: the next takes the place of the one before, once that has its answer.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Server.Connections = 1 })
	var before net.Conn
	for n := range 3 {
		conn, err := (&net.Dialer{Timeout: reachable}).DialContext(t.Context(), "tcp", hostOf(r.app.URL()))
		r.must(nil, err)
		t.Cleanup(func() { _ = conn.Close() })
		r.must(nil, conn.SetDeadline(time.Now().Add(reachable)))
		r.must(fmt.Fprintf(conn, "POST /webhooks/gitlab HTTP/1.1\r\nHost: bot\r\nX-Gitlab-Token: %s\r\nContent-Length: 2\r\n\r\n{}", secret))
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusAccepted {
			t.Fatalf("connection %d is answered %v, %v", n+1, answer, err)
		}
		r.must(io.Copy(io.Discard, answer.Body))
		r.must(nil, answer.Body.Close())
		if before != nil {
			if _, err := before.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("connections %d and %d are open at the same time: %v", n, n+1, err)
			}
		}
		before = conn
	}
}
