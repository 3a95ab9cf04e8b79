package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/letter"
	"flowkeeper/rules/triage"
)

// letters is a store of dead letters, the newest last. due are those that were revived.
type letters struct {
	dead []inbox.DeadLetter
	due  []inbox.DeadLetter
	away error
}

func (s letters) DeadLetters(_ context.Context, limit int) ([]inbox.DeadLetter, error) {
	var all []inbox.DeadLetter
	for n := len(s.dead) - 1; n >= 0 && len(all) < limit; n-- {
		all = append(all, s.dead[n])
	}
	return all, s.away
}

func (letters) Redrive(context.Context, triage.Ref) error                { return inbox.ErrNotFound }
func (letters) Memories(context.Context, []triage.Ref) ([][]byte, error) { return nil, nil }
func (letters) Stats(context.Context) (inbox.Stats, error)               { return inbox.Stats{}, nil }
func (letters) DropDeadLetter(context.Context, triage.Ref) error         { return inbox.ErrNotFound }

// store is letters that change.
type store struct {
	kept
	*letters
}

func (s store) DeadLetters(ctx context.Context, limit int) ([]inbox.DeadLetter, error) {
	return s.letters.DeadLetters(ctx, limit)
}

func (s store) Redrive(_ context.Context, issue triage.Ref) error {
	l, err := s.take(issue)
	if err == nil {
		s.due = append(s.due, l)
	}
	return err
}

func (s store) DropDeadLetter(_ context.Context, issue triage.Ref) error {
	_, err := s.take(issue)
	return err
}

func (s store) take(issue triage.Ref) (inbox.DeadLetter, error) {
	if s.away != nil {
		return inbox.DeadLetter{}, s.away
	}
	for n, l := range s.dead {
		if l.Issue == issue {
			s.dead = append(s.dead[:n:n], s.dead[n+1:]...)
			return l, nil
		}
	}
	return inbox.DeadLetter{}, inbox.ErrNotFound
}

var buried = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func ref(iid int64) triage.Ref { return triage.Ref{Project: 7, IID: iid} }

func newStore() store {
	return store{letters: &letters{dead: []inbox.DeadLetter{
		{Issue: ref(11), DeadSince: buried, Cause: "404", Attempts: 1, Woken: true},
		{
			Issue: ref(12), DeadSince: buried.Add(time.Hour), Cause: "403", Attempts: 2, Record: []byte(`{"ours":true}`),
			Deliveries: []inbox.Message{
				{Seq: 1, ID: "a", EnqueuedAt: buried, Body: []byte(`{"e":{"k":1}}`)}, {Seq: 2, ID: "b", EnqueuedAt: buried, Body: []byte("not JSON")},
			},
		},
	}}}
}

func do(h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1:8081"
	maps.Copy(r.Header, header)
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestDeadLetters: the list is without mail, a letter with it, and a body that cannot be read does not hide the others.
func TestDeadLetters(t *testing.T) {
	h := admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: newStore()})
	older := letter.Letter{Project: 7, IID: 11, Buried: buried, Cause: "404", Attempts: 1, Woken: true}
	newer := letter.Letter{
		Project: 7, IID: 12, Buried: buried.Add(time.Hour), Cause: "403", Attempts: 2, Deliveries: 2, Decision: json.RawMessage(`{"ours":true}`),
	}
	var list []letter.Letter
	if err := json.Unmarshal(do(h, http.MethodGet, "/dead", nil).Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]letter.Letter{newer, older}, list); diff != "" {
		t.Error("-want +got\n", diff)
	}
	newer.Mail = []letter.Mail{{ID: "a", Accepted: buried, Body: json.RawMessage(`{"e":{"k":1}}`)}, {ID: "b", Accepted: buried}}
	var whole letter.Letter
	if err := json.Unmarshal(do(h, http.MethodGet, "/dead/7/12", nil).Body.Bytes(), &whole); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(newer, whole); diff != "" {
		t.Error("-want +got\n", diff)
	}
}

// TestOldLetterIsFound: a letter that a list has no room for can be asked for.
func TestOldLetterIsFound(t *testing.T) {
	s := newStore()
	for n := range int64(2 * admin.MaxLetters) {
		s.dead = append(s.dead, inbox.DeadLetter{Issue: ref(1000 + n), DeadSince: buried})
	}
	h := admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: s})
	for path, want := range map[string]int{"/dead/7/11": http.StatusOK, "/dead/7/13": http.StatusNotFound} {
		if w := do(h, http.MethodGet, path, nil); w.Code != want {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
}

// TestBrowsersStayOut: pages on the web can make a browser ask for the admin address. They get nothing and change nothing.
func TestBrowsersStayOut(t *testing.T) {
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	tests := []struct {
		name         string
		method, path string
		header       http.Header
		want         int
	}{
		{"a form of a foreign page", http.MethodPost, "/dead/7/12/retry", header("Origin", "https://evil.example"), http.StatusForbidden},
		{"a sandboxed page", http.MethodPost, "/dead/7/12/retry", header("Origin", "null"), http.StatusForbidden},
		{"a script that hides its origin", http.MethodDelete, "/dead/7/12", header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		{"another port of this machine", http.MethodDelete, "/dead/7/12", header("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		{"a name that points here writes", http.MethodPost, "/dead/7/12/retry", header("Host", "evil.example:8081"), http.StatusForbidden},
		{"a name that points here reads", http.MethodGet, "/dead/7/12", header("Host", "evil.example:8081"), http.StatusForbidden},
		{"a name that points here lists", http.MethodGet, "/dead", header("Host", "localhost.evil.example"), http.StatusForbidden},
		{"a name that points here asks about shadow", http.MethodGet, "/shadow?since=2026-03-01T00:00:00Z", header("Host", "evil.example:8081"), http.StatusForbidden},
		{"about shadow since when", http.MethodGet, "/shadow", header("Host", "localhost:9000"), http.StatusBadRequest},
		{"the operator's browser reads", http.MethodGet, "/dead/7/12", header("Sec-Fetch-Site", "none"), http.StatusOK},
		{"localhost", http.MethodGet, "/dead", header("Host", "localhost:9000"), http.StatusOK},
		{"an address without port", http.MethodGet, "/dead", header("Host", "10.0.0.7"), http.StatusOK},
		{"IPv6", http.MethodGet, "/dead", header("Host", "[::1]:8081"), http.StatusOK},
		{"IPv6 without port", http.MethodGet, "/dead", header("Host", "[::1]"), http.StatusOK},
		{"a name of the operator's", http.MethodGet, "/dead", header("Host", "Bot.example:8081"), http.StatusOK},
		{"a name of the operator's, from a page", http.MethodDelete, "/dead/7/12", http.Header{"Host": {"bot.example"}, "Origin": {"http://bot.example"}}, http.StatusForbidden},
		{"a part of a name", http.MethodGet, "/dead", header("Host", "evil.bot.example:8081"), http.StatusForbidden},
		{"no name", http.MethodGet, "/dead", header("Host", ":8081"), http.StatusForbidden},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			if w := do(admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: s, Hosts: []string{"bot.example"}}), test.method, test.path, test.header); w.Code != test.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, test.want)
			}
			if len(s.dead) != 2 {
				t.Error("a letter is gone")
			}
		})
	}
}

// TestClient does with a client what the command does.
func TestClient(t *testing.T) {
	s := newStore()
	server := httptest.NewServer(admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: s}))
	t.Cleanup(server.Close)
	c, err := admin.NewClient(server.URL+"/", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	list, err := c.Letters(t.Context())
	if err != nil || len(list) != 2 || list[0].Issue() != ref(12) {
		t.Fatalf("%+v %v", list, err)
	}
	if l, err := c.Letter(t.Context(), ref(12)); err != nil || len(l.Mail) != 2 {
		t.Errorf("%+v %v", l, err)
	}
	if err := c.Retry(t.Context(), ref(12)); err != nil || len(s.due) != 1 || len(s.dead) != 1 {
		t.Errorf("%v, due %v, dead %v", err, s.due, s.dead)
	}
	if err := c.Drop(t.Context(), ref(11)); err != nil || len(s.due) != 1 || len(s.dead) != 0 {
		t.Errorf("%v, due %v, dead %v", err, s.due, s.dead)
	}
	_, err = c.Letter(t.Context(), ref(12))
	for what, err := range map[string]error{"letter": err, "retry": c.Retry(t.Context(), ref(12)), "drop": c.Drop(t.Context(), ref(12))} {
		if !errors.Is(err, admin.ErrNoLetter) {
			t.Errorf("%s of a letter that is gone: %v", what, err)
		}
	}
	if list, err := c.Letters(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	s.away = errors.New("the store is away")
	if _, err := c.Letters(t.Context()); err == nil || !strings.Contains(err.Error(), "503 Service Unavailable: the store is away") {
		t.Error(err)
	}
}

// TestClientIsAstray: whatever is asked instead of the bot, the error says what would work.
func TestClientIsAstray(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	t.Cleanup(page.Close)
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	elsewhere := httptest.NewServer(http.RedirectHandler(page.URL, http.StatusFound))
	t.Cleanup(elsewhere.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, test := range map[string]struct{ url, want string }{
		"a page":      {page.URL, "is not how a Flowkeeper's admin address answers"},
		"not found":   {nothing.URL, "is it the address of the webhooks"},
		"a redirect":  {elsewhere.URL, "answered 302 Found"},
		"nobody":      {gone.URL, "port-forward deploy/flowkeeper 8081"},
		"no scheme":   {"127.0.0.1:8081", "write http://host:port"},
		"credentials": {"http://ann:hunter2@127.0.0.1:8081", "write http://host:port"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := admin.NewClient(test.url, "")
			if err == nil {
				_, err = c.Letters(t.Context())
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestLettersOfOneNumber are those of an issue and of a merge request: each is shown, dropped and retried by its own address alone.
func TestLettersOfOneNumber(t *testing.T) {
	issue, mergeRequest := triage.Ref{Project: 7, IID: 12}, triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 12}
	s := store{letters: &letters{dead: []inbox.DeadLetter{{Issue: issue}, {Issue: mergeRequest}}}}
	web := httptest.NewServer(admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: s}))
	defer web.Close()
	c, err := admin.NewClient(web.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, ref := range []triage.Ref{issue, mergeRequest} {
		if l, err := c.Letter(t.Context(), ref); err != nil || l.Issue() != ref {
			t.Errorf("the letter of %s: %+v, %v", ref, l, err)
		}
	}
	if err := c.Drop(t.Context(), mergeRequest); err != nil {
		t.Error(err)
	}
	if err := c.Retry(t.Context(), mergeRequest); !errors.Is(err, admin.ErrNoLetter) {
		t.Errorf("retrying what was dropped: %v", err)
	}
	if err := c.Retry(t.Context(), issue); err != nil || len(s.due) != 1 || s.due[0].Issue != issue {
		t.Errorf("retrying the issue: %v, due are %v", err, s.due)
	}
}

// TestWrongDeadRequests name an issue that cannot be.
func TestWrongDeadRequests(t *testing.T) {
	h := admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: newStore()})
	for path, want := range map[string]int{
		"/dead/7/12/retry": http.StatusAccepted, "/dead/7/13/retry": http.StatusNotFound, "/dead/7/x/retry": http.StatusBadRequest, "/dead/0/1/retry": http.StatusBadRequest,
	} {
		if w := do(h, http.MethodPost, path, nil); w.Code != want {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
}
