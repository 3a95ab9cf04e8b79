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
	"time"

	"flowkeeper/bot/webhook"
)

const reachable = time.Minute // far more than anything here takes; this server waits for a body without an end

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

// TestLargeBodiesAreAnswered sends as GitLab does: everything first, and only then it looks for an answer. With the right secret that is 202 as
// for all that is authentic.
func TestLargeBodiesAreAnswered(t *testing.T) {
	const size = 26 << 20
	for name, framing := range map[string]string{"declared": fmt.Sprintf("Content-Length: %d", size), "not declared": "Transfer-Encoding: chunked"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, webhook.Options{Secrets: []string{secret}})
			conn := b.dial(t)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: bot\r\nX-Gitlab-Token: %s\r\n%s\r\n\r\n", webhook.Path, secret, framing)
			body := io.LimitReader(blanks{}, size)
			if strings.Contains(framing, "chunked") {
				body = io.MultiReader(strings.NewReader(fmt.Sprintf("%x\r\n", size)), body, strings.NewReader("\r\n0\r\n\r\n"))
			}
			if _, err := io.Copy(conn, io.MultiReader(strings.NewReader(head), body)); err != nil {
				t.Fatalf("sending: %v", err)
			}
			checkAnswer(t, conn, http.StatusAccepted)
			if b.store.len() != 0 || b.counted(t, "broken", webhook.ClassTooLarge) != 1 {
				t.Errorf("%d stored, %v counted as broken", b.store.len(), b.counted(t, "broken", webhook.ClassTooLarge))
			}
		})
	}
}

// TestNothingIsReadOfWhatIsRefused sends the first byte of a body and waits: the answer comes, and the connection is closed.
func TestNothingIsReadOfWhatIsRefused(t *testing.T) {
	signedBy := fmt.Sprintf("Webhook-Id: d-1\r\nWebhook-Timestamp: %d\r\nWebhook-Signature: v1,%s", arrival.Unix(), strings.Repeat("A", 43)+"=")
	for name, test := range map[string]struct {
		method, path, header string
		code                 int
	}{
		"wrong secret":                 {"POST", webhook.Path, "X-Gitlab-Token: x\r\nContent-Length: 5000", http.StatusUnauthorized},
		"wrong secret of large bodies": {"POST", webhook.Path, "X-Gitlab-Token: x\r\nContent-Length: 20000000", http.StatusUnauthorized},
		"wrong secret, not declared":   {"POST", webhook.Path, "X-Gitlab-Token: x\r\nTransfer-Encoding: chunked", http.StatusUnauthorized},
		"malformed signature":          {"POST", webhook.Path, "Webhook-Signature: v1\r\nContent-Length: 5000", http.StatusUnauthorized},
		"signed and too large":         {"POST", webhook.Path, signedBy + "\r\nContent-Length: 5000000000", http.StatusRequestEntityTooLarge},
		"another path":                 {"POST", "/", "Content-Length: 5000", http.StatusNotFound},
		"another path, not declared":   {"POST", "/hooks", "Transfer-Encoding: chunked", http.StatusNotFound},
		"another method":               {"PUT", webhook.Path, "Content-Length: 5000", http.StatusMethodNotAllowed},
		"another method elsewhere":     {"PUT", "/x", "Content-Length: 5000", http.StatusNotFound},
		"nothing but a question":       {"GET", "/", "X: y", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, webhook.Options{Secrets: []string{secret}, SigningTokens: []string{tokenOne}})
			conn := b.dial(t)
			if err := conn.SetDeadline(time.Now().Add(reachable)); err != nil {
				t.Fatal(err)
			}
			begin := "1"
			if strings.Contains(test.header, "chunked") {
				begin = "5000\r\n1"
			}
			if test.method == "GET" {
				begin = ""
			}
			if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: bot\r\n%s\r\n\r\n%s", test.method, test.path, test.header, begin); err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, conn, test.code)
			if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("behind the answer there are %d bytes, %v; want the connection closed", n, err)
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
	checkAnswer(t, conn, http.StatusAccepted)
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
	}{{"x", http.StatusUnauthorized}, {secret, http.StatusAccepted}} {
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
	if plain.IdempotencyKey != marked.IdempotencyKey {
		t.Errorf("keys %q and %q differ by a byte order mark", plain.IdempotencyKey, marked.IdempotencyKey)
	}
}
