package webhook_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/webhook"
)

// signed are the headers of a delivery signed with a token at a time.
func signed(t testing.TB, token string, at time.Time, body string) http.Header {
	t.Helper()
	const id = "d-1"
	signature, err := webhook.Sign(token, id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return http.Header{
		"Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {signature},
	}
}

// with is a copy of the headers with one set; "" removes it.
func with(h http.Header, name string, values ...string) http.Header {
	h = h.Clone()
	h.Del(name)
	for _, v := range values {
		h.Add(name, v)
	}
	return h
}

func TestAuthentication(t *testing.T) {
	const other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	body := string(fixture(t, "note.json"))
	token := func(s string) http.Header { return http.Header{"X-Gitlab-Token": {s}} }
	good := signed(t, tokenOne, arrival, body)
	wrong := signed(t, other, arrival, body)
	at := func(shift time.Duration) http.Header { return signed(t, tokenOne, arrival.Add(shift), body) }
	sum := strings.TrimPrefix(good.Get("Webhook-Signature"), "v1,")

	secrets := webhook.Options{Secrets: []string{secret, "new-secret"}}
	keys := webhook.Options{SigningTokens: []string{tokenTwo, tokenOne}}
	both := webhook.Options{Secrets: secrets.Secrets, SigningTokens: keys.SigningTokens}
	open := webhook.Options{AllowUnsigned: true}
	lax := webhook.Options{AllowUnsigned: true, Secrets: secrets.Secrets}

	for _, test := range []struct {
		name    string
		options webhook.Options
		header  http.Header
		cause   string // "" is authentic
	}{
		{"secret: right", secrets, token(secret), ""},
		{"secret: the other one", secrets, token("new-secret"), ""},
		{"secret: wrong", secrets, token("open-sesamf"), "token_wrong"},
		{"secret: a beginning", secrets, token("open"), "token_wrong"},
		{"secret: empty", secrets, token(""), "token_missing"},
		{"secret: none", secrets, nil, "token_missing"},
		{"secret: right, with a signature nobody can check", secrets, with(good, "X-Gitlab-Token", secret), ""},
		{"secret: none, with a signature nobody can check", secrets, good, "token_missing"},
		{"secret: wrong, with a signature nobody can check", secrets, with(good, "X-Gitlab-Token", "x"), "token_wrong"},

		{"key: right", keys, good, ""},
		{"key: the other one", keys, signed(t, tokenTwo, arrival, body), ""},
		{"key: wrong", keys, wrong, "signature_wrong"},
		{"key: no signature", keys, nil, "signature_missing"},
		{"key: no signature but a token", keys, token(secret), "signature_missing"},
		{"key: right, beside a wrong token", keys, with(good, "X-Gitlab-Token", "x"), ""},
		{"key: right among several", keys, with(good, "Webhook-Signature", "v2,abc v1,short v1a,x "+wrong.Get("Webhook-Signature")+" v1,"+sum), ""},
		{"key: right in a second line", keys, with(good, "Webhook-Signature", wrong.Get("Webhook-Signature"), "v1,"+sum), ""},
		{"key: right under another version", keys, with(good, "Webhook-Signature", "v2,"+sum), "signature_malformed"},
		{"key: right without a version", keys, with(good, "Webhook-Signature", sum), "signature_malformed"},
		{"key: signature empty", keys, with(good, "Webhook-Signature", ""), "signature_malformed"},
		{"key: signature cut", keys, with(good, "Webhook-Signature", "v1,"+sum[:40]), "signature_malformed"},
		{"key: signature of nothing", keys, with(good, "Webhook-Signature", "v1,"), "signature_malformed"},
		{"key: another id", keys, with(good, "Webhook-Id", "d-2"), "signature_wrong"},
		{"key: no id", keys, with(good, "Webhook-Id"), "signature_malformed"},
		{"key: another timestamp", keys, with(good, "Webhook-Timestamp", strconv.FormatInt(arrival.Unix()+1, 10)), "signature_wrong"},
		{"key: no timestamp", keys, with(good, "Webhook-Timestamp"), "timestamp_malformed"},
		{"key: timestamp in words", keys, with(good, "Webhook-Timestamp", arrival.Format(time.RFC3339)), "timestamp_malformed"},
		{"key: timestamp negative", keys, with(good, "Webhook-Timestamp", "-9223372036854775808"), "timestamp_malformed"},
		{"key: timestamp at the end of time", keys, with(good, "Webhook-Timestamp", "9223372036854775807"), "timestamp_far"},
		{"key: timestamp beyond", keys, with(good, "Webhook-Timestamp", "9223372036854775808"), "timestamp_malformed"},
		{"key: five minutes old", keys, at(-5 * time.Minute), ""},
		{"key: older", keys, at(-5*time.Minute - time.Second), "timestamp_far"},
		{"key: five minutes ahead", keys, at(5 * time.Minute), ""},
		{"key: further ahead", keys, at(5*time.Minute + time.Second), "timestamp_far"},

		{"both: signature alone", both, good, ""},
		{"both: token alone", both, token(secret), ""},
		{"both: signature right, token wrong", both, with(good, "X-Gitlab-Token", "x"), ""},
		{"both: signature wrong, token right", both, with(wrong, "X-Gitlab-Token", secret), "signature_wrong"},
		{"both: signature empty, token right", both, http.Header{"X-Gitlab-Token": {secret}, "Webhook-Signature": {""}}, "signature_malformed"},
		{"both: signature old, token right", both, with(at(-time.Hour), "X-Gitlab-Token", secret), "timestamp_far"},
		{"both: token wrong", both, token("x"), "token_wrong"},
		{"both: neither", both, nil, "token_missing"},

		{"unsigned", open, nil, ""},
		{"unsigned with a token", open, token("x"), ""},
		{"unsigned with a signature", open, wrong, ""},
		{"unsigned allowed beside a secret", lax, nil, "token_missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.options)
			w := b.post(t, test.header, body)
			if test.cause == "" {
				if w.Code != http.StatusAccepted || b.store.len() != 1 {
					t.Errorf("answered %d %s and stored %d, want it accepted", w.Code, w.Body, b.store.len())
				}
				return
			}
			if w.Code != http.StatusUnauthorized || b.store.len() != 0 {
				t.Errorf("answered %d and stored %d, want it refused", w.Code, b.store.len())
			}
			want := said{Status: "refused", Reason: "the delivery is not authentic; compare the webhook's secret or signing token with the bot's"}
			if got := answerOf(t, w); got != want {
				t.Errorf("answered %+v, want for every cause %+v", got, want)
			}
			if b.counted(t, "refused", test.cause) != 1 {
				t.Errorf("not counted as %s; logs: %v", test.cause, b.logs.All())
			}
			if b.logs.FilterField(causeField(test.cause)).Len() != 1 {
				t.Errorf("the cause %s is not in the log: %v", test.cause, b.logs.All())
			}
		})
	}
}

func TestChangedBodyIsRefused(t *testing.T) {
	body := string(fixture(t, "note.json"))
	b := newBench(t, webhook.Options{SigningTokens: []string{tokenOne}})
	if w := b.post(t, signed(t, tokenOne, arrival, body), strings.Replace(body, "weight 3", "weight 9", 1)); w.Code != http.StatusUnauthorized {
		t.Errorf("answered %d for a body that was not signed, want 401", w.Code)
	}
}

func TestRefusalsGiveNothingAway(t *testing.T) {
	const sent, content = "sesame-of-another", "the captain's private words"
	b := newBench(t, webhook.Options{Secrets: []string{secret}, SigningTokens: []string{tokenOne}})
	for _, header := range []http.Header{
		{"X-Gitlab-Token": {sent}},
		with(signed(t, tokenTwo, arrival, ""), "X-Gitlab-Token", sent),
	} {
		w := b.post(t, header, fmt.Sprintf(`{"object_kind": "note", "note": %q}`, content))
		for _, hidden := range []string{secret, sent, content, tokenOne, tokenTwo, strings.TrimPrefix(tokenOne, "whsec_")} {
			if strings.Contains(w.Body.String(), hidden) || strings.Contains(fmt.Sprint(w.Header()), hidden) {
				t.Errorf("the answer gives %q away: %s", hidden, w.Body)
			}
			for _, entry := range b.logs.All() {
				if strings.Contains(fmt.Sprint(entry.Message, entry.ContextMap()), hidden) {
					t.Errorf("the log gives %q away: %v", hidden, entry)
				}
			}
		}
	}
	if b.logs.Len() != 2 {
		t.Errorf("%d log lines, want one for each refusal", b.logs.Len())
	}
}

// TestSign compares with what the Standard Webhooks reference library makes of the same delivery.
func TestSign(t *testing.T) {
	got, err := webhook.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", time.Unix(1_772_445_000, 999), []byte(`{"object_kind":"note"}`))
	if want := "v1,xxYKNSnd5ZTML9mKCZ6QbppCSC8fvxT3qqHMGTClmAU="; err != nil || got != want {
		t.Errorf("Sign: %s, %v; want %s", got, err, want)
	}
}

func TestSignRefuses(t *testing.T) {
	short := "whsec_" + base64.StdEncoding.EncodeToString([]byte("hush"))
	for _, test := range []struct{ name, token, id, want string }{
		{"no prefix", "hush", "d-1", `the signing token does not begin with "whsec_"`},
		{"short key", short, "d-1", "the signing token holds a key of 4 bytes"},
		{"no id", tokenOne, "", "webhook-id is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := webhook.Sign(test.token, test.id, arrival, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Sign: %q, %v; want an error that says %q", got, err, test.want)
			}
		})
	}
}
