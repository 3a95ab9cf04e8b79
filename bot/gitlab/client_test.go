package gitlab_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/testkit"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url, token string
		says       string // "" is fine
	}{
		"gitlab.com":        {"https://gitlab.com", token, ""},
		"a path, a slash":   {"http://host:8080/gitlab/", token, ""},
		"the API's address": {"https://host/api/v4/", token, ""},
		"no address":        {"", token, "no GitLab URL is given"},
		"no scheme":         {"gitlab.com", token, `"gitlab.com" is not a web address`},
		"another scheme":    {"ssh://gitlab.com", token, "not a web address"},
		"no host":           {"https:///path", token, "not a web address"},
		"unreadable":        {"https://[gitlab", token, "should look like https://gitlab.com"},
		"a query":           {"https://gitlab.com?x=1", token, "leave out everything from the ?"},
		"a password":        {"https://me:" + token + "@gitlab.com", token, "holds a user name or password"},
		"no token":          {"https://gitlab.com", "", "no GitLab token is given"},
		"a line break":      {"https://gitlab.com", token + "\n", "copy it again"},
		"not ASCII":         {"https://gitlab.com", token + "é", "copy it again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gitlab.New(gitlab.Options{URL: tt.url, Token: tt.token})
			switch {
			case tt.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("the error is %v, want one that says %q", err, tt.says)
			case err != nil && strings.Contains(err.Error(), token):
				t.Errorf("the error %q shows the token", err)
			}
		})
	}
	if _, err := gitlab.New(gitlab.Options{URL: "https://gitlab.com", Token: token, Timeout: -1}); err == nil {
		t.Error("a negative timeout was accepted")
	}
}

// A GitLab below a path is asked there, by the bot's name.
func TestRequest(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                "/api/v4/projects/9007199254740993/issues/9007199254740995",
		"/":               "/api/v4/projects/9007199254740993/issues/9007199254740995",
		"/gitlab":         "/gitlab/api/v4/projects/9007199254740993/issues/9007199254740995",
		"/gitlab/api/v4/": "/gitlab/api/v4/projects/9007199254740993/issues/9007199254740995",
	} {
		var path, agent string
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, agent = r.URL.Path, r.UserAgent()
			reply(w, http.StatusOK, map[string]any{"id": 1, "iid": 9007199254740995, "project_id": 9007199254740993})
		}))
		c := newClient(t, gitlab.Options{URL: web.URL + base, Version: "1.2.3"})
		big := ref
		big.Project, big.IID = 9007199254740993, 9007199254740995
		_, err := c.Issue(t.Context(), big)
		web.Close()
		if err != nil {
			t.Errorf("loading the issue: %v", err)
		}
		if path != want || agent != "flowkeeper/1.2.3" {
			t.Errorf("asked for %s as %s, want %s", path, agent, want)
		}
	}
}

// The token goes to GitLab and nowhere else: not to where a redirect leads, not into errors or logs, whatever is answered.
func TestTokenStaysSecret(t *testing.T) {
	t.Parallel()
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header.Get("PRIVATE-TOKEN"))
	}))
	defer other.Close()

	type answer = func(http.ResponseWriter, *http.Request) bool
	redirect := func(status int) answer {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Location", other.URL+"/"+token+"?state="+token)
			w.WriteHeader(status)
			return true
		}
	}
	// The token lies across the place where a long message is cut.
	cut := strings.Repeat("x", 285) + token
	answers := map[string]answer{
		"fine":                nil,
		"moved":               redirect(301),
		"found":               redirect(302),
		"moved, same method":  redirect(308),
		"echo in a message":   always(400, "application/json", `{"message":"bad token `+token+`"}`),
		"echo that is cut":    always(400, "application/json", `{"message":"`+cut+`"}`),
		"echo in a type":      always(404, "text/"+token, "no"),
		"echo, structured":    always(403, "application/json", `{"message":{"`+token+`":["`+token+`"]}}`),
		"echo in a page":      always(500, "text/html", token),
		"echo as an issue":    always(200, "application/json", `{"id":"`+token+`"}`),
		"echo in a long type": always(200, "text/"+cut, "no"),
		"echo as HTTP":        raw(token),
		"echo as long HTTP":   raw(strings.Repeat(token, 50)),
	}
	for name, answer := range answers {
		core, logs := observer.New(zapcore.DebugLevel)
		s := server{Answer: answer, Everything: true}
		c := newClient(t, gitlab.Options{URL: s.start(t), Log: zap.New(core)})
		seen := []string{fmt.Sprintf("%v %+v %#v %s", c, c, c, c)}
		for call, do := range calls(c) {
			err := do(t.Context())
			if err == nil && answer != nil && call != "delete" {
				t.Errorf("%s: %s succeeded", name, call)
			}
			seen = append(seen, fmt.Sprintf("%v %+v %#v", err, err, err))
		}
		if logs.Len() == 0 {
			t.Errorf("%s: nothing was logged", name)
		}
		for _, line := range logs.All() {
			seen = append(seen, fmt.Sprint(line.Message, line.ContextMap()))
		}
		for _, text := range seen {
			// A piece of the token is a leak too.
			if strings.Contains(text, token[:8]) {
				t.Errorf("%s: the token shows in %q", name, text)
			}
		}
	}
	if len(elsewhere) != 0 {
		t.Errorf("another host got %d requests, with the tokens %q", len(elsewhere), elsewhere)
	}
}

// raw answers with a line that is no HTTP.
func raw(line string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte(line + "\r\n\r\n"))
		_ = conn.Close()
		return true
	}
}

func TestPrintedOptionsHideTheToken(t *testing.T) {
	t.Parallel()
	o := gitlab.Options{URL: "https://gitlab.com", Token: token}
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatalf("marshalling: %v", err)
	}
	text := fmt.Sprintf("%v %+v %#v %s %v %#v %s", o, o, o, o, &o, &o, raw)
	if strings.Contains(text, token) || !strings.Contains(text, "https://gitlab.com") {
		t.Errorf("the options print as %s", text)
	}
}

// A redirect is an error that says where to; nothing is lost.
func TestRedirect(t *testing.T) {
	t.Parallel()
	s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "https://new.example/api/v4/projects/7/issues/12?x=1", http.StatusMovedPermanently)
		return true
	}}
	_, err := s.client(t).Issue(t.Context(), ref)
	check(t, err, gitlab.Unavailable, "301 Moved Permanently: redirects to https://new.example/api/v4/projects/7/issues/12, ")
}

// What GitLab says of its limits does not slow the client down: pacing is the given limiter's business.
func TestLimitHeaders(t *testing.T) {
	t.Parallel()
	s := server{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("RateLimit-Limit", "1")
		w.Header().Set("RateLimit-Remaining", "0")
		return false
	}}
	c := s.client(t)
	for n := range 3 {
		if err := c.Ping(t.Context()); err != nil {
			t.Errorf("request %d: %v", n+1, err)
		}
	}
}

// Logs tell about calls, not what was said in them.
func TestLogs(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	s := server{}
	c := newClient(t, gitlab.Options{URL: s.start(t), Log: zap.New(core)})
	if _, err := c.CreateNote(t.Context(), ref, false, "a private word"); err != nil {
		t.Fatalf("commenting: %v", err)
	}
	s.do(func() { s.Answer = always(http.StatusNotFound, "application/json", `{"message":"a private word"}`) })
	_, err := c.Issue(t.Context(), ref)
	check(t, err, gitlab.NotFound)

	var got []map[string]any
	for _, line := range logs.All() {
		fields := line.ContextMap()
		delete(fields, "took")
		got = append(got, fields)
	}
	want := []map[string]any{
		{"call": "create-note", "method": "POST", "path": "projects/7/issues/12/notes", "status": int64(201)},
		{"call": "issue", "method": "GET", "path": "projects/7/issues/12", "status": int64(404), "class": "not found"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	s := server{}
	url := s.start(t)
	c := newClient(t, gitlab.Options{URL: url, Registry: registry})
	all := calls(c)
	for _, call := range []string{"read", "read", "write", "self"} {
		if err := all[call](t.Context()); err != nil {
			t.Fatalf("%s: %v", call, err)
		}
	}
	s.do(func() { s.Answer = always(http.StatusServiceUnavailable, "", "") })
	check(t, all["read"](t.Context()), gitlab.Unavailable)
	s.do(func() { s.Answer = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) } })
	check(t, all["write"](t.Context()), gitlab.Unavailable)

	want := map[string]float64{
		`flowkeeper_gitlab_requests_total{call="issue",status="2xx"}`:   2,
		`flowkeeper_gitlab_requests_total{call="issue",status="5xx"}`:   1,
		`flowkeeper_gitlab_requests_total{call="update",status="2xx"}`:  1,
		`flowkeeper_gitlab_requests_total{call="update",status="none"}`: 1,
		`flowkeeper_gitlab_requests_total{call="user",status="2xx"}`:    1,
		`flowkeeper_gitlab_request_seconds{call="issue"}`:               3,
		`flowkeeper_gitlab_request_seconds{call="update"}`:              2,
		`flowkeeper_gitlab_request_seconds{call="user"}`:                1,
	}
	if diff := cmp.Diff(want, testkit.Metrics(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
