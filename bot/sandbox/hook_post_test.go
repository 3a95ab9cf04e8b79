package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
)

// received is what a receiver saw of one request.
type received struct {
	header http.Header
	body   []byte
}

func receiver(t *testing.T) (url string, got chan received) {
	got = make(chan received, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r.Header, body}
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func TestHeadersAndSignature(t *testing.T) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a key of thirty-two bytes, really"))
	l := newLab(t, sandbox.Options{Now: time.Now, URL: "https://gitlab.test"})
	url, got := receiver(t)
	l.addHook(sandbox.Hook{URL: url, Token: "s3cret", SigningToken: secret, Events: []string{"issues"}})
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "not for this hook")
	if err := l.AwaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("the hook got %d requests, want 1", len(got))
	}
	r := <-got
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitLab/19.1.0", "X-Gitlab-Event": "Issue Hook", "X-Gitlab-Token": "s3cret",
		"X-Gitlab-Instance": "https://gitlab.test",
	} {
		if v := r.header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if id := r.header.Get("webhook-id"); len(id) != 36 || id != r.header.Get("Idempotency-Key") {
		t.Errorf("webhook-id %q, Idempotency-Key %q", id, r.header.Get("Idempotency-Key"))
	}
	for _, name := range []string{"X-Gitlab-Event-UUID", "X-Gitlab-Webhook-UUID"} {
		if v := r.header.Get(name); len(v) != 36 || v == r.header.Get("webhook-id") {
			t.Errorf("%s is %q", name, v)
		}
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(r.body, r.header); err != nil {
		t.Errorf("signature: %v", err)
	}
	if err := verifier.Verify(append(r.body, ' '), r.header); err == nil {
		t.Error("the signature also fits another body")
	}
	if !json.Valid(r.body) {
		t.Error("the body is not JSON")
	}
}

func TestDeliveriesOfAnIssueStayInOrder(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	url, got := receiver(t)
	l.addHook(sandbox.Hook{URL: url})
	ref := l.open(sandbox.IssueOptions{Weight: ptr(0)})
	for n := 1; n < 30; n++ {
		l.edit("omar", ref, sandbox.Change{Weight: ptr(n)})
	}
	if err := l.AwaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(got)
	n := 0
	for r := range got {
		var body struct {
			Attributes struct {
				Weight int `json:"weight"`
			} `json:"object_attributes"`
		}
		if err := json.Unmarshal(r.body, &body); err != nil {
			t.Fatal(err)
		}
		if body.Attributes.Weight != n {
			t.Errorf("delivery %d carries the weight %d", n, body.Attributes.Weight)
		}
		n++
	}
	if n != 30 {
		t.Errorf("%d deliveries, want 30", n)
	}
}

func TestFailuresAreNotRepeated(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	statuses := []int{500, 503, 200, 404}
	next := make(chan int, len(statuses))
	for _, s := range statuses {
		next <- s
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(<-next)
		io.WriteString(w, "sorry")
	}))
	t.Cleanup(broken.Close)
	id := l.addHook(sandbox.Hook{URL: broken.URL})
	ref := l.open(sandbox.IssueOptions{})
	var failures []int
	for n := range statuses {
		if n > 0 {
			l.edit("omar", ref, sandbox.Change{Weight: ptr(n)})
		}
		if err := l.AwaitDelivered(t.Context()); err != nil {
			t.Fatal(err)
		}
		failures = append(failures, l.Hooks(l.project)[1].Failures)
	}
	if diff := cmp.Diff([]int{1, 2, 0, 1}, failures); diff != "" {
		t.Errorf("failures in a row: %s", diff)
	}
	var answers []string
	for _, d := range l.Deliveries() {
		if d.Hook == id {
			answers = append(answers, d.State+" "+strconv.Itoa(d.Status)+" "+d.Answer)
		}
	}
	if diff := cmp.Diff([]string{"answered 500 sorry", "answered 503 sorry", "answered 200 sorry", "answered 404 sorry"}, answers); diff != "" {
		t.Error(diff)
	}
}

func TestAReceiverThatHangsTimesOut(t *testing.T) {
	l := newLab(t, sandbox.Options{HookTimeout: 20 * time.Millisecond})
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(release) })
	l.addHook(sandbox.Hook{URL: slow.URL})
	l.open(sandbox.IssueOptions{})
	if err := l.AwaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := l.Deliveries()[1]; d.State != sandbox.Failed || d.Err == "" {
		t.Errorf("the delivery is %s (%s)", d.State, d.Err)
	}
}

func TestRecursionIsBlocked(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	first := l.sent(0)[0]
	put := func(chain string) {
		r := httptest.NewRequestWithContext(t.Context(), "PUT", "/api/v4/projects/1/issues/1?add_labels="+chain[:8], nil)
		r.Header.Set("Authorization", "Bearer "+botToken)
		r.Header.Set("X-Gitlab-Event-UUID", chain)
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("PUT: %d %s", w.Code, w.Body)
		}
	}
	put(first.Header.Get("X-Gitlab-Event-UUID"))
	put("11111111-2222-4333-8444-555555555555")
	var states []string
	for _, p := range l.sent(1) {
		states = append(states, p.State)
	}
	if diff := cmp.Diff([]string{sandbox.Dropped, sandbox.Answered}, states); diff != "" {
		t.Error(diff)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	t.Cleanup(slow.Close)
	id := l.addHook(sandbox.Hook{URL: slow.URL})
	ref := l.open(sandbox.IssueOptions{})
	l.edit("omar", ref, sandbox.Change{Weight: ptr(1)})
	testkit.Receive(t, "a delivery to arrive", arrived)
	waiting := make(chan error, 1)
	go func() { waiting <- l.Await(t.Context(), func() bool { return false }) }()
	closed := make(chan struct{})
	go func() {
		l.Close()
		close(closed)
	}()
	if err := testkit.Receive(t, "Await to end with the sandbox", waiting); !errors.Is(err, sandbox.ErrClosed) {
		t.Errorf("Await gave %v", err)
	}
	close(release)
	testkit.Receive(t, "the sandbox to close", closed)
	var states []string
	for _, d := range l.Deliveries() {
		if d.Hook == id {
			states = append(states, d.State)
		}
	}
	if diff := cmp.Diff([]string{sandbox.Answered, sandbox.Dropped}, states); diff != "" {
		t.Error(diff)
	}
	l.edit("omar", ref, sandbox.Change{Weight: ptr(2)}) // works, is just not delivered
}
