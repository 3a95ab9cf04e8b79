package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// apiCall sends a request over a real connection, on which it can be cut.
func apiCall(t *testing.T, ctx context.Context, base, method, path, body string) (int, string, http.Header, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, base+"/api/v4"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("PRIVATE-TOKEN", botToken)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), resp.Header, err
}

func TestFaults(t *testing.T) {
	const put = `{"add_labels":"UX"}`
	tests := map[string]struct {
		fault  sandbox.Fault
		status int // 0 if the connection breaks
		body   string
		done   bool
		writes []string
	}{
		"a status":             {sandbox.Fault{Status: 503}, 503, "503 Service Unavailable", false, nil},
		"a status and a body":  {sandbox.Fault{Status: 429, Body: "Retry later", Header: http.Header{"Retry-After": {"7"}}}, 429, "Retry later", false, nil},
		"cut before":           {sandbox.Fault{Match: "PUT issue 1#1", CutBefore: true}, 0, "", false, nil},
		"done, then cut":       {sandbox.Fault{Match: "add_labels=UX", ApplyThenCut: true}, 0, "", true, []string{"PUT issue 1#1 add_labels=UX"}},
		"by the path":          {sandbox.Fault{Match: "PUT /api/v4/projects/1/issues", Status: 500}, 500, "500", false, nil},
		"for something else":   {sandbox.Fault{Match: "POST", Status: 500}, 200, "UX", true, []string{"PUT issue 1#1 add_labels=UX"}},
		"only another header":  {sandbox.Fault{Header: http.Header{"Ratelimit-Remaining": {"0"}}}, 200, "UX", true, []string{"PUT issue 1#1 add_labels=UX"}},
		"a body that is wrong": {sandbox.Fault{Body: "<html>"}, 200, "<html>", true, []string{"PUT issue 1#1 add_labels=UX"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			web := httptest.NewServer(l)
			t.Cleanup(web.Close)
			ref := l.open(sandbox.IssueOptions{})
			l.FailNext(tt.fault)
			status, body, header, err := apiCall(t, t.Context(), web.URL, "PUT", "/projects/1/issues/1", put)
			if status != tt.status || (err != nil) != (tt.status == 0) || !strings.Contains(body, tt.body) {
				t.Errorf("got %d %q (%v)", status, body, err)
			}
			for h := range tt.fault.Header {
				if header.Get(h) != tt.fault.Header.Get(h) {
					t.Errorf("header %s is %q", h, header.Get(h))
				}
			}
			if l.Issue(ref).Has("UX") != tt.done {
				t.Errorf("done is %v", !tt.done)
			}
			if diff := cmp.Diff(tt.writes, l.Writes()); diff != "" {
				t.Errorf("writes: %s", diff)
			}
			if tt.fault.Match == "POST" {
				return
			}
			if status, _, _, err := apiCall(t, t.Context(), web.URL, "PUT", "/projects/1/issues/1", put); status != 200 {
				t.Errorf("a fault hits once: then %d (%v)", status, err)
			}
		})
	}
}

// A request whose connection breaks is carried out later.
func TestCutThenApplied(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	web := httptest.NewServer(l)
	t.Cleanup(web.Close)
	ref := l.open(sandbox.IssueOptions{})
	later := make(chan struct{})
	l.FailNext(sandbox.Fault{Match: "PUT issue", CutThenApply: later})
	if status, _, _, err := apiCall(t, t.Context(), web.URL, "PUT", "/projects/1/issues/1", `{"add_labels":"UX"}`); err == nil {
		t.Errorf("answered %d", status)
	}
	if l.Issue(ref).Has("UX") {
		t.Error("done at once")
	}
	close(later)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := l.Await(ctx, func() bool { return l.Issue(ref).Has("UX") }); err != nil {
		t.Error("never done:", err)
	}
}

func TestFaultsThatLast(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.FailNext(sandbox.Fault{Match: "GET user", Status: 503, Times: -1})
	l.FailNext(sandbox.Fault{Match: "GET version", Status: 500, Times: 2})
	var got []int
	for range 3 {
		got = append(got, l.api("GET", "/user", "").StatusCode, l.api("GET", "/version", "").StatusCode)
	}
	l.ClearFaults()
	got = append(got, l.api("GET", "/user", "").StatusCode)
	if diff := cmp.Diff([]int{503, 500, 503, 500, 503, 200, 200}, got); diff != "" {
		t.Error(diff)
	}
}

// A request that waits holds up no other one.
func TestARequestWaits(t *testing.T) {
	tests := map[string]func(l *lab, gate chan struct{}, giveUp func()){
		"until it may go on":          func(_ *lab, gate chan struct{}, _ func()) { close(gate) },
		"until its client gives up":   func(_ *lab, _ chan struct{}, giveUp func()) { giveUp() },
		"until the sandbox is closed": func(l *lab, _ chan struct{}, _ func()) { l.Close() },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &lab{Server: sandbox.New(sandbox.Options{Token: botToken}), t: t}
				t.Cleanup(l.Close)
				gate := make(chan struct{})
				l.FailNext(sandbox.Fault{Match: "GET user", Wait: gate})
				ctx, giveUp := context.WithCancel(t.Context())
				defer giveUp()
				r := httptest.NewRequestWithContext(ctx, "GET", "/api/v4/user", nil)
				r.Header.Set("PRIVATE-TOKEN", botToken)
				w := httptest.NewRecorder()
				answered := make(chan struct{})
				go func() {
					defer close(answered)
					l.ServeHTTP(w, r)
				}()
				synctest.Wait()
				select {
				case <-answered:
					t.Fatalf("answered at once: %d %s", w.Code, w.Body)
				default:
				}
				l.must("GET", "/version", "")
				if held := l.HeldCalls(); !slices.Equal(held, []string{"GET user"}) {
					t.Errorf("held are %q", held)
				}
				end(l, gate, giveUp)
				<-answered
				if held := l.HeldCalls(); w.Code != 200 || len(held) > 0 {
					t.Errorf("then it goes through: %d %s, held are %q", w.Code, w.Body, held)
				}
			})
		})
	}
}

func TestJournal(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	id := l.comment("omar", ref, "secret words")
	l.must("GET", "/projects/create%2Fsource-code/issues/1", "")
	l.must("PUT", "/projects/1/issues/1", `{"weight":null,"add_labels":["b","a"]}`)
	l.api("PUT", "/projects/1/issues/1", `{"weight":"x"}`)
	l.must("POST", "/projects/1/issues/1/notes", `{"body":"very secret","internal":true}`)
	l.must("POST", note(id)+"/award_emoji", `{"name":"eyes"}`)
	l.apiAs("nobody", "PUT", "/projects/1/issues/1", `{"weight":1}`)
	writes := []string{"PUT issue 1#1 add_labels=b,a weight=null", "POST note 1#1 body=… internal=true", "POST award 1#1/" + note(id)[len("/projects/1/issues/1/notes/"):] + " name=eyes"}
	if diff := cmp.Diff(writes, l.Writes()); diff != "" {
		t.Errorf("writes: %s", diff)
	}
	if diff := cmp.Diff([]string{"GET issue 1#1"}, l.Reads()); diff != "" {
		t.Errorf("reads: %s", diff)
	}
	calls := l.Calls()
	if n := len(calls); n != 6 || calls[2].Status != 400 || calls[5].Status != 401 || calls[5].User != "" || calls[1].Issue != ref {
		t.Errorf("calls: %+v", calls)
	}
}
