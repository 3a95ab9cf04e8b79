package webhook_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"flowkeeper/bot/webhook"
)

// blanks is a body without an end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// dial connects to the bench over loopback.
func (b *bench) dial(t *testing.T) net.Conn {
	t.Helper()
	server := httptest.NewServer(b.echo)
	t.Cleanup(server.Close)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestLargeBodiesAreAnswered sends as GitLab does: everything first, and only then it looks for an answer.
func TestLargeBodiesAreAnswered(t *testing.T) {
	const size = 26 << 20
	for _, test := range []struct {
		name, token, framing string
		code                 int
	}{
		{"declared", secret, fmt.Sprintf("Content-Length: %d", size), http.StatusRequestEntityTooLarge},
		{"not declared", secret, "Transfer-Encoding: chunked", http.StatusRequestEntityTooLarge},
		{"declared, not authentic", "x", fmt.Sprintf("Content-Length: %d", size), http.StatusUnauthorized},
		{"not declared, not authentic", "x", "Transfer-Encoding: chunked", http.StatusUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, webhook.Options{Secrets: []string{secret}})
			conn := b.dial(t)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: bot\r\nX-Gitlab-Token: %s\r\n%s\r\n\r\n", webhook.Path, test.token, test.framing)
			body := io.LimitReader(blanks{}, size)
			if strings.Contains(test.framing, "chunked") {
				body = io.MultiReader(strings.NewReader(fmt.Sprintf("%x\r\n", size)), body, strings.NewReader("\r\n0\r\n\r\n"))
			}
			if _, err := io.Copy(conn, io.MultiReader(strings.NewReader(head), body)); err != nil {
				t.Fatalf("sending: %v", err)
			}
			checkAnswer(t, conn, test.code)
			if b.store.len() != 0 {
				t.Error("something was stored")
			}
		})
	}
}

// TestLargeBodiesNeedNotBeSent asks first, as curl does with a large body.
func TestLargeBodiesNeedNotBeSent(t *testing.T) {
	b := newBench(t, webhook.Options{Secrets: []string{secret}})
	conn := b.dial(t)
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: bot\r\nX-Gitlab-Token: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		webhook.Path, secret, 26<<20)
	if err != nil {
		t.Fatal(err)
	}
	checkAnswer(t, conn, http.StatusRequestEntityTooLarge)
}

// checkAnswer reads the answer from a connection.
func checkAnswer(t *testing.T, conn net.Conn, code int) {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("reading the answer's body: %v", err)
	}
	if answer.StatusCode != code {
		t.Errorf("answered %d, want %d", answer.StatusCode, code)
	}
	if said := saidIn(t, text); said.Reason == "" {
		t.Errorf("the answer %s has no reason", text)
	}
}

// TestTokenIsCheckedBeforeTheBody sends a body that cannot be read.
func TestTokenIsCheckedBeforeTheBody(t *testing.T) {
	broken := iotest.ErrReader(errors.New("the line is dead"))
	for _, test := range []struct {
		token string
		code  int
	}{{"x", http.StatusUnauthorized}, {secret, http.StatusBadRequest}} {
		b := newBench(t, webhook.Options{Secrets: []string{secret}})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, webhook.Path, broken)
		r.Header.Set("X-Gitlab-Token", test.token)
		w := httptest.NewRecorder()
		b.echo.ServeHTTP(w, r)
		if w.Code != test.code || b.store.len() != 0 {
			t.Errorf("token %q: answered %d and stored %d, want %d and nothing", test.token, w.Code, b.store.len(), test.code)
		}
	}
}

// TestDeclaredLengthIsNotBelieved sends more than it declares.
func TestDeclaredLengthIsNotBelieved(t *testing.T) {
	b := newBench(t, webhook.Options{Secrets: []string{secret}})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, webhook.Path, strings.NewReader(string(fixture(t, "note.json"))))
	r.Header.Set("X-Gitlab-Token", secret)
	r.ContentLength = 1
	w := httptest.NewRecorder()
	b.echo.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted || b.store.len() != 1 {
		t.Errorf("answered %d %s, want the whole body read", w.Code, w.Body)
	}
}

func TestByteOrderMark(t *testing.T) {
	plain := decode(t, nil, fixture(t, "note.json"))
	marked := decode(t, nil, []byte("\ufeff"+string(fixture(t, "note.json"))+"\r\n"))
	if plain.Key != marked.Key {
		t.Errorf("keys %q and %q differ by a byte order mark", plain.Key, marked.Key)
	}
}
