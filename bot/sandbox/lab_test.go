package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

const botToken = "glpat-bot"

// lab is a sandbox with people, a project and a hook whose receiver says 202.
type lab struct {
	*sandbox.Server
	t       *testing.T
	project int64
	hook    int64
}

// noon is the time at which every lab stands still.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newLab(t *testing.T, opt sandbox.Options) *lab {
	t.Helper()
	opt.Token = botToken
	if opt.Now == nil {
		opt.Now = func() time.Time { return noon }
	}
	l := &lab{Server: sandbox.New(opt), t: t}
	t.Cleanup(l.Close)
	for _, u := range []struct {
		name  string
		level int
	}{{"maria", sandbox.Maintainer}, {"omar", sandbox.Developer}, {"gil", sandbox.Guest}, {"nora", 0}} {
		if _, err := l.AddUser(u.name, strings.ToUpper(u.name), u.level); err != nil {
			t.Fatal(err)
		}
	}
	l.project = l.AddProject("create/source-code")
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"status":"accepted"}`)
	}))
	t.Cleanup(receiver.Close)
	l.hook = l.addHook(sandbox.Hook{URL: receiver.URL})
	return l
}

func (l *lab) addHook(h sandbox.Hook) int64 {
	l.t.Helper()
	id, err := l.AddHook(l.project, h)
	if err != nil {
		l.t.Fatal(err)
	}
	return id
}

func (l *lab) open(o sandbox.IssueOptions) triage.Ref {
	l.t.Helper()
	if o.Title == "" {
		o.Title = "Slow"
	}
	ref, err := l.Open("maria", l.project, o)
	if err != nil {
		l.t.Fatal(err)
	}
	return ref
}

func (l *lab) edit(user string, ref triage.Ref, c sandbox.Change) {
	l.t.Helper()
	if err := l.Edit(user, ref, c); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) comment(user string, ref triage.Ref, text string) int64 {
	l.t.Helper()
	id, err := l.Comment(user, ref, text)
	if err != nil {
		l.t.Fatal(err)
	}
	return id
}

// sent waits until the hooks are answered and gives their bodies from the n-th on, decoded.
func (l *lab) sent(from int) []payload {
	l.t.Helper()
	if err := l.AwaitDelivered(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	var list []payload
	for _, d := range l.Deliveries()[from:] {
		p := payload{Delivery: d}
		if err := json.Unmarshal(d.Body, &p.Body); err != nil {
			l.t.Fatalf("body of a %s: %v", d.Event, err)
		}
		list = append(list, p)
	}
	return list
}

// events names deliveries in short: "Issue Hook update".
func events(list []payload) []string {
	var names []string
	for _, p := range list {
		names = append(names, p.Event+" "+p.Action)
	}
	return names
}

type payload struct {
	sandbox.Delivery
	Body map[string]any
}

// at reads a value of the body: "object_attributes.weight". Absent is "-".
func (p payload) at(path string) any {
	var v any = p.Body
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return "-"
		}
		if v, ok = m[name]; !ok {
			return "-"
		}
	}
	return v
}

// titles reads the names of a list of labels.
func (p payload) titles(path string) []string {
	names := []string{}
	list, _ := p.at(path).([]any)
	for _, l := range list {
		names = append(names, l.(map[string]any)["title"].(string))
	}
	return names
}

// reply is an answer of the API.
type reply struct {
	*http.Response
	Text string
}

func (r reply) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(r.Text), &o); err != nil {
		t.Fatalf("answer %d %q: %v", r.StatusCode, r.Text, err)
	}
	return o
}

func (r reply) list(t *testing.T) []map[string]any {
	t.Helper()
	var o []map[string]any
	if err := json.Unmarshal([]byte(r.Text), &o); err != nil {
		t.Fatalf("answer %d %q: %v", r.StatusCode, r.Text, err)
	}
	return o
}

// api calls the API with the bot's token. body is JSON, or a form if it does not begin with a brace.
func (l *lab) api(method, path, body string) reply {
	l.t.Helper()
	return l.apiAs(botToken, method, path, body)
}

func (l *lab) apiAs(token, method, path, body string) reply {
	l.t.Helper()
	r := httptest.NewRequestWithContext(l.t.Context(), method, "/api/v4"+path, bytes.NewBufferString(body))
	r.Header.Set("PRIVATE-TOKEN", token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return reply{w.Result(), w.Body.String()}
}

// must calls the API and wants a 2xx.
func (l *lab) must(method, path, body string) reply {
	l.t.Helper()
	r := l.api(method, path, body)
	if r.StatusCode/100 != 2 {
		l.t.Fatalf("%s %s: %d %s", method, path, r.StatusCode, r.Text)
	}
	return r
}

func ptr[T any](v T) *T { return &v }
