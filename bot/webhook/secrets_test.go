package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/testkit"
	"flowkeeper/bot/webhook"
)

// slow is a request whose body arrives when the test says so.
type slow struct {
	*io.PipeWriter
	answered chan *httptest.ResponseRecorder
}

// begin sends the header of a request.
func begin(t *testing.T, e *echo.Echo, h http.Header) slow {
	t.Helper()
	body, sender := io.Pipe()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, webhook.Path, body)
	for name, values := range h {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	s := slow{sender, make(chan *httptest.ResponseRecorder, 1)}
	go func() {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		s.answered <- w
	}()
	t.Cleanup(func() { _ = sender.Close() })
	return s
}

// send sends a piece of the body, and returns when it was read.
func (s slow) send(t *testing.T, piece string) {
	t.Helper()
	if _, err := io.WriteString(s, piece); err != nil {
		t.Fatalf("sending a piece: %v", err)
	}
}

// end sends the end of the body and waits for the answer.
func (s slow) end(t *testing.T) *httptest.ResponseRecorder {
	t.Helper()
	_ = s.Close() // that of a pipe does not fail
	return s.answer(t)
}

func (s slow) answer(t *testing.T) *httptest.ResponseRecorder {
	t.Helper()
	return testkit.Receive(t, "the answer to a slow delivery", s.answered)
}

func TestSecretsAreReplaced(t *testing.T) {
	body := string(fixture(t, "note.json"))
	token := func(s string) http.Header { return http.Header{"X-Gitlab-Token": {s}} }
	b := newBench(t, webhook.Options{Secrets: []string{secret}})
	check := func(when string, header http.Header, code int) {
		t.Helper()
		if w := b.post(t, header, body); w.Code != code {
			t.Errorf("%s: answered %d, want %d", when, w.Code, code)
		}
	}
	check("the first", token(secret), http.StatusAccepted)
	for _, step := range []struct {
		name            string
		secrets, tokens []string
		problem         string
		old, new, sign  int
	}{
		{"both while rotating", []string{secret, "next"}, nil, "", 202, 202, 401},
		{"nothing at all", nil, nil, "neither a webhook secret nor a signing token", 202, 202, 401},
		{"one that cannot be", []string{"next"}, []string{"hush"}, "signing token 1 of 1", 202, 202, 401},
		{"the new alone", []string{"next"}, nil, "", 401, 202, 401},
		{"a signing token instead", nil, []string{tokenOne}, "", 401, 401, 202},
	} {
		err := b.handler.SetSecrets(step.secrets, step.tokens)
		if (err != nil) != (step.problem != "") || err != nil && !strings.Contains(err.Error(), step.problem) {
			t.Errorf("%s: %v, want %q", step.name, err, step.problem)
		}
		check(step.name+", the old", token(secret), step.old)
		check(step.name+", the new", token("next"), step.new)
		check(step.name+", signed", signed(t, tokenOne, arrival, body), step.sign)
	}
}

// TestSecretOfARequestInHand: the secrets that were in force when a request began decide about all of it.
func TestSecretOfARequestInHand(t *testing.T) {
	body := string(fixture(t, "note.json"))
	b := newBench(t, webhook.Options{SigningTokens: []string{tokenOne}})
	s := begin(t, b.echo, signed(t, tokenOne, arrival, body))
	s.send(t, body[:100])
	if err := b.handler.SetSecrets(nil, []string{tokenTwo}); err != nil {
		t.Fatal(err)
	}
	s.send(t, body[100:])
	if w := s.end(t); w.Code != http.StatusAccepted {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// TestLargeBodiesShareTheirRoom holds a large body, and lets small ones pass beside it.
func TestLargeBodiesShareTheirRoom(t *testing.T) {
	token := http.Header{"X-Gitlab-Token": {secret}}
	small := string(fixture(t, "note.json"))
	large := small + strings.Repeat(" ", 300<<10)
	b := newBench(t, webhook.Options{Secrets: []string{secret}, MaxBody: 1 << 20, Held: 1 << 20})
	s := begin(t, b.echo, token)
	s.send(t, large)

	w := b.post(t, token, large)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a second large one is answered %d with the header %v", w.Code, w.Header())
	}
	if said := answerOf(t, w); said.Status != "unavailable" || said.Reason == "" {
		t.Errorf("the answer is %+v", said)
	}
	if n := b.counted(t, "unavailable", "busy"); n != 1 {
		t.Errorf("counted %v times, want once", n)
	}
	if w := b.post(t, token, small); w.Code != http.StatusAccepted {
		t.Errorf("a small one is answered %d", w.Code)
	}
	if w := s.end(t); w.Code != http.StatusAccepted {
		t.Errorf("the first is answered %d", w.Code)
	}
	if w := b.post(t, token, large); w.Code != http.StatusAccepted {
		t.Errorf("when there is room again, it is answered %d", w.Code)
	}
	if b.logs.FilterMessageSnippet("too much").Len() != 1 {
		t.Error("the operator is not told")
	}
}

// TestRoomIsGivenBack however a large body ends: there is room for one of them, but not beside what another has left taken.
func TestRoomIsGivenBack(t *testing.T) {
	large := strings.Repeat(" ", 300<<10)
	b := newBench(t, webhook.Options{SigningTokens: []string{tokenOne}, MaxBody: 500 << 10, Held: 800_000})
	for _, test := range []struct {
		name string
		end  func(slow, *testing.T) *httptest.ResponseRecorder
		code int
	}{
		{"cut off", func(s slow, t *testing.T) *httptest.ResponseRecorder {
			_ = s.CloseWithError(io.ErrUnexpectedEOF)
			return s.answer(t)
		}, http.StatusUnauthorized}, // its signature cannot be checked
		{"not authentic", slow.end, http.StatusUnauthorized},
		{"too large", func(s slow, t *testing.T) *httptest.ResponseRecorder {
			go func() { _, _ = io.WriteString(s, large) }() // not all of it is read
			return s.answer(t)
		}, http.StatusRequestEntityTooLarge},
		{"not authentic, again", slow.end, http.StatusUnauthorized},
	} {
		s := begin(t, b.echo, signed(t, tokenOne, arrival, "another body"))
		s.send(t, large)
		if w := test.end(s, t); w.Code != test.code {
			t.Errorf("%s: answered %d, want %d", test.name, w.Code, test.code)
		}
	}
}
