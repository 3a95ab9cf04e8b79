package replay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/labstack/echo/v4"

	"flowkeeper/bot/replay"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

const (
	secret  = "the-webhooks-secret"
	signing = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	other   = "whsec_bm90IHRoZSBib3QncyBvd24ga2V5IGF0IGFsbCE="
	issue   = `{"object_kind": "issue", "event_type": "issue", "project": {"id": 9}, "object_attributes": {"id": 301, "iid": 7, "action": "open"}}`
)

// mailbox takes every delivery.
type mailbox struct{ taken []webhook.Delivery }

func (m *mailbox) Receive(_ context.Context, d webhook.Delivery) (webhook.Answer, error) {
	m.taken = append(m.taken, d)
	return webhook.Answer{Status: webhook.Accepted, Class: "accepted"}, nil
}

// receiver is the bot's receiving end, with one secret and one signing token.
func receiver(t *testing.T, secrets, tokens []string) (url string, m *mailbox) {
	t.Helper()
	m = &mailbox{}
	h, err := webhook.New(webhook.Options{Secrets: secrets, SigningTokens: tokens, Receiver: m})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	h.Register(e)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server.URL + webhook.Path, m
}

// TestSendIsAuthentic sends to the bot's own receiver.
func TestSendIsAuthentic(t *testing.T) {
	for _, test := range []struct {
		name            string
		secrets, tokens []string // that the bot accepts
		secret, token   string   // that are sent
		want            int
	}{
		{"secret", []string{secret}, nil, secret, "", http.StatusAccepted},
		{"one of two secrets", []string{"old", secret}, nil, secret, "", http.StatusAccepted},
		{"signature", nil, []string{signing}, "", signing, http.StatusAccepted},
		{"both", []string{secret}, []string{signing}, secret, signing, http.StatusAccepted},
		{"wrong secret", []string{secret}, nil, "another", "", http.StatusUnauthorized},
		{"wrong signature", nil, []string{signing}, "", other, http.StatusUnauthorized},
		{"right secret, wrong signature", []string{secret}, []string{signing}, secret, other, http.StatusUnauthorized},
		{"neither", []string{secret}, []string{signing}, "", "", http.StatusUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, m := receiver(t, test.secrets, test.tokens)
			answer, err := replay.Send(t.Context(), replay.Options{
				URL: url, Secret: test.secret, SigningToken: test.token, Body: []byte(issue), Now: time.Now(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Code != test.want {
				t.Errorf("answered %+v, want %d", answer, test.want)
			}
			if test.want != http.StatusAccepted {
				if len(m.taken) > 0 || answer.Status != "refused" || answer.Reason == "" {
					t.Errorf("answered %+v and took %d deliveries, want a refusal with its reason", answer, len(m.taken))
				}
				return
			}
			if len(m.taken) != 1 || m.taken[0].Issue.Ref != (triage.Ref{Project: 9, IID: 7}) || m.taken[0].ID != answer.ID {
				t.Errorf("took %+v, want 9#7 with the id %s", m.taken, answer.ID)
			}
		})
	}
}

// TestSendHasAnIDOfItsOwn sends one payload twice: the bot has to take it for two deliveries that say the same.
func TestSendHasAnIDOfItsOwn(t *testing.T) {
	url, m := receiver(t, []string{secret}, nil)
	for range 2 {
		if _, err := replay.Send(t.Context(), replay.Options{URL: url, Secret: secret, Body: []byte(issue), Now: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.taken) != 2 || m.taken[0].IdempotencyKey == m.taken[1].IdempotencyKey || m.taken[0].IdempotencyKey == "" {
		t.Errorf("took %+v, want two with different keys", m.taken)
	}
}

// TestHeaders sends payloads and looks at what arrives.
func TestHeaders(t *testing.T) {
	for _, test := range []struct{ name, body, event string }{
		{"issue", issue, "Issue Hook"},
		{"work item", `{"object_kind": "work_item", "event_type": "work_item"}`, "Issue Hook"},
		{"confidential issue", `{"object_kind": "issue", "event_type": "confidential_issue"}`, "Confidential Issue Hook"},
		{"confidential work item", `{"object_kind": "work_item", "event_type": "confidential_work_item"}`, "Confidential Issue Hook"},
		{"note", `{"object_kind": "note", "event_type": "note"}`, "Note Hook"},
		{"confidential note", `{"object_kind": "note", "event_type": "confidential_note"}`, "Confidential Note Hook"},
		{"emoji", `{"object_kind": "emoji", "event_type": "revoke"}`, "Emoji Hook"},
		{"old, without event type", `{"object_kind": "issue"}`, "Issue Hook"},
		{"merge request", `{"object_kind": "merge_request"}`, "Merge Request Hook"},
		{"tag", `{"object_kind": "tag_push"}`, "Tag Push Hook"},
		{"job", `{"object_kind": "build"}`, "Job Hook"},
		{"token that expires", `{"object_kind": "access_token", "event_name": "expiring_access_token"}`, "Resource Access Token Hook"},
		{"member", `{"event_name": "user_add_to_group", "group_id": 7}`, "Member Hook"},
		{"subgroup", `{"event_name": "subgroup_create"}`, "Subgroup Hook"},
		{"project", `{"event_name": "project_create"}`, "Project Hook"},
		{"odd underscores", `{"object_kind": "_a__b_"}`, "A B Hook"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got http.Header
			var body strings.Builder
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header
				if err := r.Write(&body); err != nil {
					t.Error(err)
				}
				fmt.Fprint(w, `{"status": "accepted"}`)
			}))
			defer server.Close()
			now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
			if _, err := replay.Send(t.Context(), replay.Options{URL: server.URL, Secret: secret, SigningToken: signing, Body: []byte(test.body), Now: now}); err != nil {
				t.Fatal(err)
			}
			want := http.Header{
				"Content-Type": {"application/json"}, "X-Gitlab-Event": {test.event}, "X-Gitlab-Token": {secret},
				"Webhook-Timestamp": {fmt.Sprint(now.Unix())}, "User-Agent": {"GitLab/replay"},
			}
			ignored := cmpopts.IgnoreMapEntries(func(name string, _ []string) bool {
				return name == "Accept-Encoding" || name == "Content-Length" || name == "Idempotency-Key" || name == "Webhook-Id" || name == "Webhook-Signature"
			})
			if diff := cmp.Diff(want, got, ignored); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if id := got.Get("webhook-id"); id == "" || id != got.Get("Idempotency-Key") {
				t.Errorf("webhook-id %q and Idempotency-Key %q, want the same", id, got.Get("Idempotency-Key"))
			}
			signature, err := webhook.Sign(signing, got.Get("webhook-id"), now, []byte(test.body))
			if err != nil || got.Get("webhook-signature") != signature {
				t.Errorf("signature %q, want %q, %v", got.Get("webhook-signature"), signature, err)
			}
			if !strings.HasSuffix(body.String(), "\r\n\r\n"+test.body) {
				t.Errorf("sent %q, want the payload as it is", body.String())
			}
		})
	}
}

// TestAnswers reads what may come back.
func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   replay.Answer
		err    string
	}{
		{"accepted", 202, `{"status": "accepted", "delivery": "d", "reason": ""}`, replay.Answer{Code: 202, Status: "accepted", ID: "d"}, ""},
		{"ignored", 202, `{"status": "ignored", "delivery": "d", "reason": "a push"}`, replay.Answer{Code: 202, Status: "ignored", ID: "d", Reason: "a push"}, ""},
		{"out of order", 503, `{"status": "unavailable", "reason": "later"}`, replay.Answer{Code: 503, Status: "unavailable", Reason: "later"}, ""},
		{"a code in the body", 202, `{"status": "accepted", "Code": 500}`, replay.Answer{Code: 202, Status: "accepted"}, ""},
		{"somebody else's page", 200, `<html>`, replay.Answer{}, "answered 200 OK, which is not how Flowkeeper answers: its webhook address ends in /webhooks/gitlab"},
		{"another path", 404, `{"message": "Not Found"}`, replay.Answer{}, "answered 404 Not Found, which is not how Flowkeeper answers"},
		{"redirected", 302, ``, replay.Answer{}, "answered 302 Found, which is not how Flowkeeper answers"},
		{"endless", 200, strings.Repeat(" ", 1<<20) + `{"status": "accepted"}`, replay.Answer{}, "which is not how Flowkeeper answers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			got, err := replay.Send(t.Context(), replay.Options{URL: server.URL, Body: []byte(issue), Now: time.Now()})
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("got the error %v, want %q", err, test.err)
			}
			if test.err == "" && got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if asked != 1 {
				t.Errorf("%d requests, want one", asked)
			}
		})
	}
}

// TestNotSent names what keeps a payload from being sent.
func TestNotSent(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, test := range []struct {
		name string
		o    replay.Options
		want string
	}{
		{"nobody listens", replay.Options{URL: closed.URL, Body: []byte(issue)}, "connection refused; is the bot running there?"},
		{"no scheme", replay.Options{URL: "localhost:8080", Body: []byte(issue)}, `"localhost:8080" is not where a bot can be reached`},
		{"broken address", replay.Options{URL: "http://a b/", Body: []byte(issue)}, "preparing a request to http://a b/"},
		{"text", replay.Options{URL: closed.URL, Body: []byte("Dear bot,")}, "the payload is not the JSON of a webhook"},
		{"nothing", replay.Options{URL: closed.URL}, "the payload is not the JSON of a webhook"},
		{"a list", replay.Options{URL: closed.URL, Body: []byte("[]")}, "the payload is not the JSON of a webhook"},
		{"something else's JSON", replay.Options{URL: closed.URL, Body: []byte(`{"ref": "main"}`)}, "the payload has no object_kind"},
		{"line break in the kind", replay.Options{URL: closed.URL, Body: []byte(`{"object_kind": "issue\nX-Gitlab-Token: a"}`)}, "invalid header field value"},
		{"bad signing token", replay.Options{URL: closed.URL, Body: []byte(issue), SigningToken: "whsec_%"}, "signing token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Now = time.Now()
			_, err := replay.Send(t.Context(), test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v, want %q", err, test.want)
			}
			if err != nil && test.o.SigningToken != "" && strings.Contains(err.Error(), test.o.SigningToken) {
				t.Errorf("the error %v shows the signing token", err)
			}
		})
	}
}

// TestSendEnds hangs up on a bot that does not answer when the caller has had enough.
func TestSendEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice a client that hangs up
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, err := replay.Send(ctx, replay.Options{URL: server.URL, Body: []byte(issue), Now: time.Now()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want that the context was canceled", err)
	}
}
