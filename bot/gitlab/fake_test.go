package gitlab_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

const token = "glpat-Secret-0123456789"

var (
	ref  = triage.Ref{Project: 7, IID: 12}
	noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
)

// server is a GitLab with one issue, 7#12. It keeps what was written, and the bodies of the updates that reached it.
type server struct {
	Labels  []string
	Weight  *int
	Closed  bool
	Notes   []note
	Updates []map[string]any

	Unlicensed bool // takes weights and drops them
	CE         bool // knows no weights
	Page       int  // entries in a page; default as asked for
	NoHeader   bool // a proxy removes X-Next-Page

	// Answer may answer a request in the server's place; the state was changed already if the request changes any. Who the token belongs to
	// it answers only if Everything is set: what refuses that, too, is about the bot as a whole.
	Answer     func(http.ResponseWriter, *http.Request) bool
	Everything bool

	mu   sync.Mutex
	last int64
}

type note struct {
	ID     int64
	Author int64
	Body   string
	System bool
}

// start serves s until the end of the test and returns its URL.
func (s *server) start(t *testing.T) string {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return web.URL
}

// client is a client of s.
func (s *server) client(t *testing.T) *gitlab.Client {
	t.Helper()
	return newClient(t, gitlab.Options{URL: s.start(t)})
}

func newClient(t *testing.T, o gitlab.Options) *gitlab.Client {
	t.Helper()
	o.Token = token
	c, err := gitlab.New(o)
	if err != nil {
		t.Fatalf("making the client: %v", err)
	}
	return c
}

// do changes or looks at the server between requests.
func (s *server) do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// updates are the bodies of the updates so far.
func (s *server) updates() (sent []map[string]any) {
	s.do(func() { sent = slices.Clone(s.Updates) })
	return sent
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("PRIVATE-TOKEN") != token {
		reply(w, http.StatusUnauthorized, map[string]any{"message": "401 Unauthorized"})
		return
	}
	status, body := s.handle(w, r)
	if s.Answer != nil && (s.Everything || r.URL.Path != "/api/v4/user") && s.Answer(w, r) {
		return
	}
	reply(w, status, body)
}

func (s *server) handle(w http.ResponseWriter, r *http.Request) (int, any) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/api/v4/projects/7/issues/12")
	id, _ := strconv.ParseInt(strings.TrimPrefix(rest, "/notes/"), 10, 64)
	switch {
	case r.URL.Path == "/api/v4/user":
		return http.StatusOK, map[string]any{"id": 5, "username": "flowkeeper-bot"}
	case !ok:
	case rest == "" && r.Method == http.MethodGet:
		return http.StatusOK, s.issue()
	case rest == "" && r.Method == http.MethodPut:
		return s.update(r)
	case rest == "/notes" && r.Method == http.MethodGet:
		return http.StatusOK, s.page(w, r)
	case rest == "/notes" && r.Method == http.MethodPost:
		return s.comment(r)
	case id != 0:
		return s.changeNote(r, id)
	}
	return http.StatusNotFound, map[string]any{"message": "404 Not found"}
}

func (s *server) issue() map[string]any {
	state := "opened"
	if s.Closed {
		state = "closed"
	}
	i := map[string]any{"id": 900, "iid": 12, "project_id": 7, "labels": s.Labels, "state": state, "weight": s.Weight}
	if s.CE {
		delete(i, "weight")
	}
	return i
}

// update does what GitLab does with the parameters of a PUT.
func (s *server) update(r *http.Request) (int, any) {
	sent := body(r)
	s.Updates = append(s.Updates, maps.Clone(sent))
	if s.CE {
		delete(sent, "weight")
	}
	if len(sent) == 0 {
		return http.StatusBadRequest, map[string]any{"error": strings.Repeat("assignee_id, ", 30) +
			"are missing, at least one parameter must be provided"}
	}
	add, _ := sent["add_labels"].(string)
	remove, _ := sent["remove_labels"].(string)
	for l := range strings.SplitSeq(add, ",") {
		if l != "" && !slices.Contains(s.Labels, l) {
			s.Labels = append(s.Labels, l)
		}
	}
	s.Labels = slices.DeleteFunc(s.Labels, func(l string) bool { return slices.Contains(strings.Split(remove, ","), l) })
	if weight, ok := sent["weight"]; ok && !s.Unlicensed {
		s.Weight = nil
		if n, ok := weight.(float64); ok {
			s.Weight = triage.Int(int(n))
		}
	}
	if event, ok := sent["state_event"]; ok {
		s.Closed = event == "close"
	}
	return http.StatusOK, s.issue()
}

func (s *server) comment(r *http.Request) (int, any) {
	text, _ := body(r)["body"].(string)
	if strings.HasPrefix(text, "/label") {
		return http.StatusAccepted, map[string]any{"commands_changes": map[string]any{}, "summary": []string{"Added a label."}}
	}
	s.last++
	s.Notes = append(s.Notes, note{ID: s.last, Author: 5, Body: text})
	return http.StatusCreated, wire(s.Notes[len(s.Notes)-1])
}

func (s *server) changeNote(r *http.Request, id int64) (int, any) {
	n := slices.IndexFunc(s.Notes, func(n note) bool { return n.ID == id })
	if n < 0 {
		return http.StatusNotFound, map[string]any{"message": "404 Not found"}
	}
	if r.Method == http.MethodDelete {
		s.Notes = slices.Delete(s.Notes, n, n+1)
		return http.StatusNoContent, nil
	}
	s.Notes[n].Body, _ = body(r)["body"].(string)
	return http.StatusOK, wire(s.Notes[n])
}

// page is one page of the comments, as asked for.
func (s *server) page(w http.ResponseWriter, r *http.Request) []map[string]any {
	size, _ := strconv.Atoi(r.FormValue("per_page"))
	number, _ := strconv.Atoi(r.FormValue("page"))
	if s.Page != 0 {
		size = s.Page
	}
	from := min((number-1)*size, len(s.Notes))
	to := min(from+size, len(s.Notes))
	if !s.NoHeader {
		next := ""
		if to < len(s.Notes) {
			next = strconv.Itoa(number + 1)
		}
		w.Header().Set("X-Next-Page", next)
	}
	some := []map[string]any{}
	for _, n := range s.Notes[from:to] {
		some = append(some, wire(n))
	}
	return some
}

func wire(n note) map[string]any {
	return map[string]any{
		"id": n.ID, "body": n.Body, "system": n.System, "internal": false,
		"author": map[string]any{"id": n.Author}, "created_at": noon.Add(time.Duration(n.ID) * time.Minute),
	}
}

func body(r *http.Request) map[string]any {
	var sent map[string]any
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &sent)
	}
	if err != nil {
		panic(fmt.Sprintf("reading what was sent: %v", err))
	}
	return sent
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		_ = json.NewEncoder(w).Encode(body)
	}
}

// always answers every request the same.
func always(status int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}
