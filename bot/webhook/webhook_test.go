package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/testkit"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

func TestNew(t *testing.T) {
	for _, test := range []struct {
		name    string
		options webhook.Options
		want    []string // parts of the error; none is no error
	}{
		{"a secret", webhook.Options{Secrets: []string{secret}}, nil},
		{"a signing token", webhook.Options{SigningTokens: []string{tokenOne}}, nil},
		{"unsigned", webhook.Options{AllowUnsigned: true}, nil},
		{"nothing", webhook.Options{}, []string{"neither a webhook secret nor a signing token"}},
		{"empty secret", webhook.Options{Secrets: []string{secret, ""}}, []string{"webhook secret 2 of 2 is empty"}},
		{"empty secret, unsigned", webhook.Options{Secrets: []string{""}, AllowUnsigned: true}, []string{"webhook secret 1 of 1 is empty"}},
		{"blank around a secret", webhook.Options{Secrets: []string{"hush\n"}}, []string{"webhook secret 1 of 1", "blank"}},
		{"line break in a secret", webhook.Options{Secrets: []string{"hu\nsh"}}, []string{"webhook secret 1 of 1", "one line"}},
		{"token without its prefix", webhook.Options{SigningTokens: []string{tokenOne, "hush"}}, []string{"signing token 2 of 2", `"whsec_"`}},
		{"token that is not base64", webhook.Options{SigningTokens: []string{"whsec_hush-hush"}}, []string{"signing token 1 of 1", "base64"}},
		{"token with stray bits at its end", webhook.Options{SigningTokens: []string{strings.Replace(tokenOne, "MDE=", "MDF=", 1)}}, []string{"signing token 1 of 1", "base64"}},
		{"token with a line break", webhook.Options{SigningTokens: []string{tokenOne + "\n"}}, []string{"signing token 1 of 1", "base64"}},
		{"token too short", webhook.Options{SigningTokens: []string{"whsec_aHVzaA=="}}, []string{"signing token 1 of 1", "4 bytes", "24 to 64"}},
		{"negative limits", webhook.Options{Secrets: []string{secret}, MaxBody: -1, Timeout: -1}, []string{"-1 bytes", "timeout is -1ns"}},
		{"limit beyond memory", webhook.Options{Secrets: []string{secret}, MaxBody: 1 << 40}, []string{"1 to 1073741824"}},
		{"everything at once", webhook.Options{Secrets: []string{""}, SigningTokens: []string{"hush"}}, []string{"webhook secret 1", "signing token 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Receiver = &store{}
			_, err := webhook.New(test.options)
			if (err != nil) != (test.want != nil) {
				t.Fatalf("New: %v, want an error: %t", err, test.want != nil)
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error %q does not say %q", err, part)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("the error %q gives a secret away", err)
			}
		})
	}
	if _, err := webhook.New(webhook.Options{Secrets: []string{secret}}); err == nil || !strings.Contains(err.Error(), "receiver is missing") {
		t.Errorf("New without a receiver: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	withID := http.Header{"X-Gitlab-Token": {secret}, "Webhook-Id": {"d-1"}}
	for _, test := range []struct {
		name           string
		body           string
		code           int
		want           said
		result, reason string
	}{
		{"accepted", string(fixture(t, "issue_update.json")), 202, said{"accepted", "d-1", ""}, "accepted", ""},
		{"ignored", `{"object_kind": "job"}`, 202, said{
			"ignored", "d-1",
			"job events say nothing about issues; the bot needs issue, merge request, note and emoji events, confidential ones too; the webhook can leave out the rest",
		}, "ignored", "other_event"},
		{"empty", "", 202, said{"broken", "d-1", "the body is empty; GitLab sends a JSON object"}, "broken", "empty_body"},
		{"largest", `{"object_kind": "job", "x": "` + strings.Repeat("x", 5000-31) + `"}`, 202, said{
			"ignored", "d-1",
			"job events say nothing about issues; the bot needs issue, merge request, note and emoji events, confidential ones too; the webhook can leave out the rest",
		}, "ignored", "other_event"},
		{"too large", strings.Repeat(" ", 5001), 202, said{"broken", "d-1", "the body is larger than 5000 bytes"}, "broken", "too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, webhook.Options{Secrets: []string{secret}, MaxBody: 5000})
			w := b.post(t, withID, test.body)
			if w.Code != test.code {
				t.Errorf("answered %d, want %d", w.Code, test.code)
			}
			if diff := cmp.Diff(test.want, answerOf(t, w)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if n := b.counted(t, test.result, test.reason); n != 1 {
				t.Errorf("counted %v times as %s %q, want once", n, test.result, test.reason)
			}
			if n := testkit.Metrics(t, b.registry)["flowkeeper_delivery_seconds"]; n != 1 {
				t.Errorf("timed %v requests, want 1", n)
			}
		})
	}
}

func TestDuplicate(t *testing.T) {
	b := newBench(t, webhook.Options{Secrets: []string{secret}})
	header := http.Header{"X-Gitlab-Token": {secret}}
	first := answerOf(t, b.post(t, header, string(fixture(t, "note.json"))))
	second := answerOf(t, b.post(t, header, string(fixture(t, "note.json"))))
	if first.Status != "accepted" || len(first.Delivery) != 12 {
		t.Errorf("first answer %+v, want accepted with a short id", first)
	}
	if want := (said{"duplicate", first.Delivery, "it came before"}); second != want {
		t.Errorf("second answer %+v, want %+v", second, want)
	}
	if n := b.counted(t, "duplicate", "repeat"); n != 1 {
		t.Errorf("counted %v duplicates, want 1", n)
	}
}

func TestUnavailable(t *testing.T) {
	header := http.Header{"X-Gitlab-Token": {secret}, "Webhook-Id": {"d-1"}}
	want := said{"unavailable", "d-1", "the delivery could not be stored; resend it from the recent events of the webhook"}
	for _, test := range []struct {
		name     string
		receiver webhook.Receiver
	}{
		{"error", &store{down: errors.New("dialling 10.0.0.1: refused")}},
		{"unknown status", receiver(func(context.Context, webhook.Delivery) (webhook.Answer, error) { return webhook.Answer{}, nil })},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: test.receiver})
			w := b.post(t, header, string(fixture(t, "note.json")))
			if got := answerOf(t, w); w.Code != http.StatusServiceUnavailable || got != want {
				t.Errorf("answered %d %+v, want 503 %+v", w.Code, got, want)
			}
			if b.counted(t, "unavailable", "receiver") != 1 {
				t.Error("not counted as unavailable")
			}
		})
	}
}

func TestReceiveEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := receiver(func(ctx context.Context, _ webhook.Delivery) (webhook.Answer, error) {
			<-ctx.Done()
			return webhook.Answer{}, ctx.Err()
		})
		b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: stuck})
		if w := b.post(t, http.Header{"X-Gitlab-Token": {secret}}, string(fixture(t, "note.json"))); w.Code != http.StatusServiceUnavailable {
			t.Errorf("answered %d for a receiver that is stuck, want 503", w.Code)
		}
	})
}

func TestDeliveryOutlivesItsClient(t *testing.T) {
	var seen webhook.Delivery
	b := newBench(t, webhook.Options{Secrets: []string{secret}, Receiver: receiver(
		func(ctx context.Context, d webhook.Delivery) (webhook.Answer, error) {
			seen = d
			return webhook.Answer{Status: webhook.Accepted}, ctx.Err()
		})})
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, webhook.Path, strings.NewReader(string(fixture(t, "note.json"))))
	r.Header.Set("X-Gitlab-Token", secret)
	w := httptest.NewRecorder()
	b.echo.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted || seen.Issue.Ref != (triage.Ref{Project: 7, IID: 12}) {
		t.Errorf("answered %d, received %v; want the delivery stored although its client has gone", w.Code, seen.Issue.Ref)
	}
}

func TestOtherMethodsAndPaths(t *testing.T) {
	b := newBench(t, webhook.Options{Secrets: []string{secret}})
	for _, test := range []struct {
		method, path string
		code         int
		reason       string
	}{
		{http.MethodGet, webhook.Path, http.StatusMethodNotAllowed, "webhooks are posted to /webhooks/gitlab"},
		{http.MethodPut, webhook.Path + "/", http.StatusMethodNotAllowed, "webhooks are posted to /webhooks/gitlab"},
		{http.MethodPost, "/webhooks", http.StatusNotFound, "webhooks go to /webhooks/gitlab"},
		{http.MethodPost, "/", http.StatusNotFound, "webhooks go to /webhooks/gitlab"},
		{http.MethodPost, webhook.Path + "/7", http.StatusNotFound, "webhooks go to /webhooks/gitlab"},
		{http.MethodPost, "/<script>\n", http.StatusNotFound, "webhooks go to /webhooks/gitlab"},
		{http.MethodGet, "/", http.StatusNotFound, "webhooks go to /webhooks/gitlab"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), test.method, "/", nil)
		r.URL.Path = test.path
		b.echo.ServeHTTP(w, r)
		said := answerOf(t, w)
		if w.Code != test.code || !strings.HasSuffix(said.Reason, test.reason) || w.Header().Get("Connection") != "close" {
			t.Errorf("%s %q: answered %d %+v with %v, want %d, … %s", test.method, test.path, w.Code, said, w.Header(), test.code, test.reason)
		}
		if strings.Contains(w.Body.String(), "script") {
			t.Errorf("the answer repeats the path: %s", w.Body)
		}
	}
	told := b.logs.FilterMessageSnippet("posted to another path").All()
	if len(told) != 1 || strings.Contains(fmt.Sprint(told), "script") {
		t.Errorf("of four such posts the log says %v, want the first", told)
	}
}

func TestTrailingSlash(t *testing.T) {
	b := newBench(t, webhook.Options{Secrets: []string{secret}})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, webhook.Path+"/", strings.NewReader(string(fixture(t, "note.json"))))
	r.Header.Set("X-Gitlab-Token", secret)
	w := httptest.NewRecorder()
	b.echo.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted || b.store.len() != 1 {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
