package bot_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/webhook"
	"flowkeeper/rules/triage"
)

// deliverySize is about how large an issue event is, in bytes: most of it are the description and the people.
const deliverySize = 6 << 10

// Placeholders in a prepared request. The number stands for the number (iid) and the id of the issue and at the end of the delivery's
// id; numbers given to deliveries have as many digits and are different for every load.
const (
	numberMark    = "98765432"
	numbers       = 10_000_000 // of a load
	signatureMark = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// delivery is a request as the sandbox's GitLab sends it for an update of an issue, with placeholders.
type delivery struct {
	header       http.Header
	body         []byte
	signingToken string    // "" if it is not signed
	at           time.Time // of the signature, which is good for five minutes
}

// sampleDelivery takes a delivery from the sandbox and fills its description up to the size.
func sampleDelivery(b *testing.B, token, signingToken string) delivery {
	taken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer taken.Close()
	gitlab := sandbox.New(sandbox.Options{Token: botToken})
	defer gitlab.Close()
	gitlab.SetURL("https://gitlab.example")
	project := gitlab.AddProject("team/project")
	_, err := gitlab.AddUser("ann", "Ann", sandbox.Reporter)
	_, err2 := gitlab.AddHook(project, sandbox.Hook{URL: taken.URL, Token: token, SigningToken: signingToken})
	ref, err3 := gitlab.Open("ann", project, sandbox.IssueOptions{
		Title: "The diff of a large merge request does not load", Description: "?", Assignees: []string{"ann"},
		Labels: []string{"backend", "type::bug", "group::source code", "workflow::ready for development"},
	})
	err4 := gitlab.Edit("ann", ref, sandbox.Change{Weight: triage.Int(3), AddLabels: []string{"workflow::in dev"}})
	if err := errors.Join(err, err2, err3, err4, gitlab.Quiet(b.Context())); err != nil {
		b.Fatalf("taking a delivery from the sandbox: %v", err)
	}
	all := gitlab.Deliveries()
	sent := all[len(all)-1]
	d := delivery{header: sent.Header, body: numbered(b, sent.Body), signingToken: signingToken, at: time.Now()}
	for _, name := range []string{"Idempotency-Key", "Webhook-Id"} {
		id := d.header.Get(name)
		d.header.Set(name, id[:len(id)-len(numberMark)]+numberMark)
	}
	if signingToken != "" {
		d.header.Set("Webhook-Timestamp", strconv.FormatInt(d.at.Unix(), 10))
		d.header.Set("Webhook-Signature", signatureMark)
	}
	return d
}

// numbered puts the placeholder and a long description into the body of an issue event.
func numbered(b *testing.B, body []byte) []byte {
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		b.Fatalf("reading the sandbox's delivery: %v", err)
	}
	object := event["object_attributes"].(map[string]any)
	object["iid"], object["id"] = json.RawMessage(numberMark), json.RawMessage(numberMark)
	const sentence = "When the page is opened, it waits and then says \\\"500\\\". "
	object["description"] = strings.Repeat(sentence, max(1, (deliverySize-len(body))/len(sentence)))
	body, err := json.Marshal(event)
	if err != nil {
		b.Fatalf("writing the delivery: %v", err)
	}
	return body
}

// request is the delivery in the form of HTTP/1.1, placeholders included.
func (d delivery) request(u *url.URL) []byte {
	var r bytes.Buffer
	fmt.Fprintf(&r, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", u.Path, u.Host, len(d.body))
	for _, name := range slices.Sorted(maps.Keys(d.header)) {
		fmt.Fprintf(&r, "%s: %s\r\n", name, d.header.Get(name))
	}
	r.WriteString("\r\n")
	r.Write(d.body)
	return r.Bytes()
}

// load is clients with open connections to one server, and counts what was accepted.
type load struct {
	sample   delivery
	clients  []*client
	next     int // number of the next delivery
	accepted int
}

// newLoad opens the connections; nth makes its deliveries different from those of other loads, from 1 to 8.
func newLoad(b *testing.B, address string, sample delivery, clients, nth int) *load {
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	l := &load{sample: sample, next: nth * numbers}
	for range clients {
		var dialer net.Dialer
		conn, err := dialer.DialContext(b.Context(), "tcp", u.Host)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		l.clients = append(l.clients, newClient(conn, sample.request(u)))
	}
	return l
}

// turn is one measurement: accepted deliveries a second, latencies in milliseconds, allocations of a delivery.
type turn struct{ rate, p50, p99, allocs float64 }

// run sends n new deliveries, the next one from whichever client has its answer.
func (l *load) run(b *testing.B, n int) turn {
	b.Helper()
	signatures := l.sign(b, n)
	latencies := make([]time.Duration, n)
	failures := make([]error, len(l.clients))
	var next atomic.Int64
	var group sync.WaitGroup
	var before, after runtime.MemStats
	runtime.GC() // what others left behind is not this turn's
	runtime.ReadMemStats(&before)
	start := time.Now()
	for i, c := range l.clients {
		group.Go(func() {
			for k := int(next.Add(1)) - 1; k < n && failures[i] == nil; k = int(next.Add(1)) - 1 {
				began := time.Now()
				failures[i] = c.send(l.next+k, signatures[k])
				latencies[k] = time.Since(began)
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if err := errors.Join(failures...); err != nil {
		b.Fatal(err)
	}
	l.next += n
	l.accepted += n
	slices.Sort(latencies)
	return turn{
		rate: float64(n) / took.Seconds(), p50: millis(latencies[n/2]), p99: millis(latencies[n*99/100]),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// sign makes the signatures of the next n deliveries, nothing for those that have none.
func (l *load) sign(b *testing.B, n int) []string {
	signatures := make([]string, n)
	if l.sample.signingToken == "" {
		return signatures
	}
	body, id := newStamp(l.sample.body, numberMark), newStamp([]byte(l.sample.header.Get("Webhook-Id")), numberMark)
	for k := range signatures {
		number := strconv.Itoa(l.next + k)
		body.put(number)
		id.put(number)
		signature, err := webhook.Sign(l.sample.signingToken, string(id.text), l.sample.at, body.text)
		if err != nil {
			b.Fatal(err)
		}
		signatures[k] = signature
	}
	return signatures
}

// stamp is a text with places to put something of the same length.
type stamp struct {
	text   []byte
	places [][]byte
}

func newStamp(text []byte, mark string) stamp {
	s := stamp{text: bytes.Clone(text)}
	s.find(mark)
	return s
}

// find adds the places where the mark stands.
func (s *stamp) find(mark string) {
	rest := s.text
	for {
		i := bytes.Index(rest, []byte(mark))
		if i < 0 {
			return
		}
		s.places = append(s.places, rest[i:i+len(mark)])
		rest = rest[i+len(mark):]
	}
}

func (s *stamp) put(what string) {
	for _, p := range s.places {
		copy(p, what)
	}
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

// readAll reads a body whose length is known.
func readAll(body io.Reader, length int64) ([]byte, error) {
	all := make([]byte, length)
	_, err := io.ReadFull(body, all)
	return all, err
}
