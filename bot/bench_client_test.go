package bot_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/webhook"
)

// clientsEnv makes this program the clients of a benchmark: they have a process of their own, so that what they cost is not counted as the
// server's.
const clientsEnv = "FLOWKEEPER_TEST_CLIENTS"

func TestMain(m *testing.M) {
	if os.Getenv(clientsEnv) == "" {
		os.Exit(m.Run())
	}
	if err := serveTurns(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "the clients of a benchmark:", err)
		os.Exit(1)
	}
}

// clientsSetup is the first line that the clients read: whom to send what over how many connections.
type clientsSetup struct {
	URL     string
	Sample  delivery
	Clients int
	First   int // number of the first delivery
}

// sent is what the clients say of a turn.
type sent struct {
	Took, P50, P99 time.Duration
	Error          string
}

// serveTurns sends as many deliveries as each line says, until there are no more lines.
func serveTurns(in io.Reader, out io.Writer) error {
	lines, answers := json.NewDecoder(in), json.NewEncoder(out)
	var setup clientsSetup
	if err := lines.Decode(&setup); err != nil {
		return fmt.Errorf("reading what to send: %w", err)
	}
	s := &sender{setup: setup, next: setup.First}
	for {
		var n int
		if err := lines.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading how many to send: %w", err)
		}
		if err := answers.Encode(s.turn(n)); err != nil {
			return fmt.Errorf("telling how long it took: %w", err)
		}
	}
}

// sender is clients with open connections to one server.
type sender struct {
	setup   clientsSetup
	clients []*client
	next    int // number of the next delivery
}

// connect opens the connections. A server closes those on which nothing comes, so they are opened when something is to be sent.
func (s *sender) connect() error {
	u, err := url.Parse(s.setup.URL)
	if err != nil {
		return fmt.Errorf("reading the server's URL: %w", err)
	}
	for len(s.clients) < s.setup.Clients {
		var dialer net.Dialer
		conn, err := dialer.DialContext(context.Background(), "tcp", u.Host)
		if err != nil {
			return fmt.Errorf("connecting: %w", err)
		}
		s.clients = append(s.clients, newClient(conn, s.setup.Sample.request(u)))
	}
	return nil
}

// turn sends n new deliveries, the next one from whichever client has its answer.
func (s *sender) turn(n int) sent {
	signatures, err := s.sign(n)
	if err = errors.Join(err, s.connect()); err != nil {
		return sent{Error: err.Error()}
	}
	latencies := make([]time.Duration, n)
	failures := make([]error, len(s.clients))
	var next atomic.Int64
	var group sync.WaitGroup
	runtime.GC() // what the last turn left behind is not this one's
	start := time.Now()
	for i, c := range s.clients {
		group.Go(func() {
			for k := int(next.Add(1)) - 1; k < n && failures[i] == nil; k = int(next.Add(1)) - 1 {
				began := time.Now()
				failures[i] = c.send(s.next+k, signatures[k])
				latencies[k] = time.Since(began)
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	if err := errors.Join(failures...); err != nil {
		return sent{Error: err.Error()}
	}
	s.next += n
	slices.Sort(latencies)
	return sent{Took: took, P50: latencies[n/2], P99: latencies[n*99/100]}
}

// sign makes the signatures of the next n deliveries, nothing for those that have none.
func (s *sender) sign(n int) ([]string, error) {
	signatures := make([]string, n)
	if s.setup.Sample.SigningToken == "" {
		return signatures, nil
	}
	body, id := newStamp(s.setup.Sample.Body, numberMark), newStamp([]byte(s.setup.Sample.Header.Get("Webhook-Id")), numberMark)
	for k := range signatures {
		number := strconv.Itoa(s.next + k)
		body.put(number)
		id.put(number)
		signature, err := webhook.Sign(s.setup.Sample.SigningToken, string(id.text), s.setup.Sample.At, body.text)
		if err != nil {
			return nil, err
		}
		signatures[k] = signature
	}
	return signatures, nil
}

// client sends prepared requests over one connection. It does as little as it can, because it shares the processors with the server.
type client struct {
	conn      net.Conn
	answers   *bufio.Reader
	request   stamp
	signature [][]byte
	digits    []byte
}

func newClient(conn net.Conn, request []byte) *client {
	c := &client{conn: conn, answers: bufio.NewReader(conn), request: newStamp(request, numberMark)}
	signed := stamp{text: c.request.text}
	signed.find(signatureMark)
	c.signature = signed.places
	return c
}

// send sends a delivery and checks that it was accepted.
func (c *client) send(number int, signature string) error {
	c.digits = strconv.AppendInt(c.digits[:0], int64(number), 10)
	for _, p := range c.request.places {
		copy(p, c.digits)
	}
	for _, p := range c.signature {
		copy(p, signature)
	}
	if _, err := c.conn.Write(c.request.text); err != nil {
		return fmt.Errorf("sending delivery %d: %w", number, err)
	}
	status, body, err := c.answer()
	if err != nil {
		return fmt.Errorf("reading the answer to delivery %d: %w", number, err)
	}
	if status != http.StatusAccepted || !bytes.Contains(body, []byte(`"status":"accepted"`)) {
		return fmt.Errorf("delivery %d was answered %d %s, want it accepted", number, status, body)
	}
	return nil
}

// answer reads one answer. Its body may be read until the next.
func (c *client) answer() (status int, body []byte, err error) {
	line, err := c.answers.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 202") {
		return 0, nil, fmt.Errorf("the status line is %q", line)
	}
	status, err = strconv.Atoi(string(line[9:12]))
	length := 0
	for err == nil && len(line) > len("\r\n") {
		if line, err = c.answers.ReadSlice('\n'); err != nil {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	if err != nil {
		return status, nil, err
	}
	if body, err = c.answers.Peek(length); err != nil {
		return status, nil, err
	}
	_, err = c.answers.Discard(length)
	return status, body, err
}
