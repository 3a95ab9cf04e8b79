package page_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/page"
	"flowkeeper/rules/triage"
)

const botToken = "glpat-bot"

// lab is a sandbox with people, a project, a hook whose receiver says 202, and the page.
type lab struct {
	*sandbox.Server
	t       *testing.T
	page    http.Handler
	project int64
}

// noon is the time at which most labs stand still.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newLab(t *testing.T) *lab {
	t.Helper()
	return newLabAt(t, func() time.Time { return noon })
}

func newLabAt(t *testing.T, now func() time.Time) *lab {
	t.Helper()
	s := sandbox.New(sandbox.Options{Token: botToken, Now: now})
	t.Cleanup(s.Close)
	for _, u := range []struct {
		name  string
		level int
	}{{"maria", sandbox.Maintainer}, {"omar", sandbox.Developer}, {"gil", sandbox.Guest}} {
		if _, err := s.AddUser(u.name, strings.ToUpper(u.name), u.level); err != nil {
			t.Fatal(err)
		}
	}
	l := &lab{Server: s, t: t, page: page.New(s, zap.NewNop()), project: s.AddProject("create/source-code")}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"status":"accepted"}`)
	}))
	t.Cleanup(receiver.Close)
	if _, err := s.AddHook(l.project, sandbox.Hook{URL: receiver.URL}); err != nil {
		t.Fatal(err)
	}
	return l
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

func (l *lab) comment(user string, ref triage.Ref, text string) int64 {
	l.t.Helper()
	id, err := l.Comment(user, ref, text)
	if err != nil {
		l.t.Fatal(err)
	}
	return id
}

// sent waits until the hooks are answered.
func (l *lab) sent() {
	l.t.Helper()
	if err := l.AwaitDelivered(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// must calls the API as the bot, at the page's address, and wants a 2xx.
func (l *lab) must(method, path, body string) {
	l.t.Helper()
	r := httptest.NewRequestWithContext(l.t.Context(), method, "/api/v4"+path, strings.NewReader(body))
	r.Header.Set("PRIVATE-TOKEN", botToken)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	l.page.ServeHTTP(w, r)
	if w.Code/100 != 2 {
		l.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}
