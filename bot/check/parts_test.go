package check_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/check"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/testkit"
)

// wants checks what parts print: each of some texts.
func wants(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("it does not say %q but\n%s", w, got)
		}
	}
}

func TestRedis(t *testing.T) {
	good := redis.Server{Address: "redis:6379", Version: "7.2.4", Policy: "noeviction", Used: 3 << 20}
	full, careless := good, good
	full.Used, full.Max = 90<<20, 100<<20
	careless.Warning = "Redis syncs its log once a second"
	tests := map[string]struct {
		server redis.Server
		err    error
		want   string
	}{
		"good":     {server: good, want: "ok    Redis  Redis 7.2.4 at redis:6379, noeviction, 3 MiB in use\n"},
		"full":     {server: full, want: "warn  Redis  90 MiB of 100 MiB of its memory are used\n      give it more"},
		"careless": {server: careless, want: "warn  Redis  Redis syncs its log once a second\n      change that"},
		"away":     {server: redis.Server{Address: "redis:6379"}, err: errors.New("refused"), want: "fail  Redis  at redis:6379: refused\n      check FLOWKEEPER_REDIS_URL"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wants(t, printed(t, check.Redis(func(context.Context) (redis.Server, error) { return tt.server, tt.err })), tt.want)
		})
	}
}

func TestData(t *testing.T) {
	dir := t.TempDir()
	wants(t, printed(t, check.Data(dir, "inbox.sqlite")), "data  "+dir+" can be written, ")
	below := filepath.Join(dir, "not", "yet")
	wants(t, printed(t, check.Data(below)), "data  "+below+" is not there yet, and can be made, ")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, printed(t, check.Data(file)), "fail  data  "+file+" is no directory\n      give the user")
	wants(t, printed(t, check.Data(dir, "file")), "data  "+dir+" can be written, ")
	if content, err := os.ReadFile(file); err != nil || string(content) != "content" {
		t.Errorf("the file holds %q, %v", content, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// A directory or a file of somebody else is a failure. A directory in the place of the file is one that not even root can write.
func TestDataOfSomebodyElse(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "inbox.sqlite"), 0o700); err != nil {
		t.Fatal(err)
	}
	wants(t, printed(t, check.Data(dir, "inbox.sqlite")), "fail  data  ", "inbox.sqlite", "FLOWKEEPER_DATA_DIR")
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	var found []check.Finding
	testkit.Unprivileged(t, func() { found = check.Data(dir)(t.Context()) }) // Run would look in a thread of its own, with all rights
	wants(t, printed(t, check.Of(found...)), "fail  data  ", "permission denied", "FLOWKEEPER_DATA_DIR")
}

func TestAddress(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"the bot":        {handler: status(http.StatusMethodNotAllowed), want: " answers\n"},
		"something else": {handler: status(http.StatusNotFound), want: " answers 404, as the bot would not"},
		"a redirect":     {handler: http.RedirectHandler("https://login.example/", http.StatusFound).ServeHTTP, want: " answers 302, as the bot would not"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			web := httptest.NewServer(tt.handler)
			defer web.Close()
			wants(t, printed(t, check.Address(web.URL+"/webhooks/gitlab", nil, func() time.Time { return now })), tt.want)
		})
	}
	gone := httptest.NewServer(status(http.StatusOK))
	gone.Close()
	wants(t, printed(t, check.Address(gone.URL, nil, time.Now)), "warn  own address  "+gone.URL+" cannot be reached from here: ", "see to it that the bot runs")
}

// An address that takes a connection and says nothing is given up on.
func TestAddressHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := &http.Client{Transport: direct{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}}
		wants(t, printed(t, check.Address(address, hang, time.Now)), "warn  own address  "+address+" cannot be reached from here: no answer within 10s\n")
	})
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// A certificate is told of before it is too late, and one of an unknown authority does not pass.
func TestAddressWithCertificate(t *testing.T) {
	web := httptest.NewUnstartedServer(status(http.StatusMethodNotAllowed))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that is broken off
	web.StartTLS()
	defer web.Close()
	wants(t, printed(t, check.Address(web.URL, nil, time.Now)), "warn  own address  ", "unknown authority", "SSL_CERT_FILE")
	expires := web.Certificate().NotAfter
	at := func(now time.Time) func() time.Time { return func() time.Time { return now } }
	if got := printed(t, check.Address(web.URL, web.Client(), at(expires.AddDate(0, -1, 0)))); strings.Contains(got, "warn") {
		t.Errorf("a month before the end it says\n%s", got)
	}
	wants(t, printed(t, check.Address(web.URL, web.Client(), at(expires.AddDate(0, 0, -3)))), "warn  own address  its certificate, by Acme Co, good until ", "have it renewed")
}

func TestMail(t *testing.T) {
	reach := func(err error) check.Part {
		return check.Mail(func(context.Context) (string, error) { return "smtp.example:587", err })
	}
	wants(t, printed(t, reach(nil)), "ok    mail  smtp.example:587 lets the bot in\n")
	wants(t, printed(t, reach(errors.New("no STARTTLS"))), "fail  mail  no STARTTLS\n      check the section smtp")
}

// Parts look at the same time; their findings come in order.
func TestRun(t *testing.T) {
	second := make(chan struct{})
	first := func(ctx context.Context) []check.Finding {
		select {
		case <-second: // it would never come if the parts were looked at one by one
			return []check.Finding{check.Good("first", "a")}
		case <-ctx.Done():
			return nil
		}
	}
	findings := check.Run(t.Context(), first, func(context.Context) []check.Finding {
		close(second)
		return []check.Finding{{What: "second", Status: check.Fail}}
	})
	if len(findings) != 2 || findings[0].What != "first" || findings[1].What != "second" || check.Count(findings, check.Fail) != 1 {
		t.Errorf("it found %v", findings)
	}
}

// What people named in GitLab cannot move a terminal's cursor.
func TestPrint(t *testing.T) {
	got := printed(t, check.Of(check.Good("label", "evil \x1b[2J\nname"), check.Finding{What: "something with a very long name", Status: check.Warn, Detail: "d", Do: "x"}))
	if strings.ContainsAny(got, "\x1b") || strings.Count(got, "\n") != 3 || !strings.HasPrefix(got, "ok    label  evil") {
		t.Errorf("it prints %q", got)
	}
}
