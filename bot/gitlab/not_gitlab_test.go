package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
)

// Whoever got the address wrong is told about the address, and not about the token. The bot waits: it may be the proxy that is wrong, and
// for a while.
func TestWrongAddress(t *testing.T) {
	t.Parallel()
	const json, html = "application/json", "text/html"
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	answer := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { always(status, kind, body)(w, r) }
	}
	tests := map[string]struct {
		handler http.Handler
		tls     bool   // of the server
		scheme  string // other than the server's; "" is the server's
		class   gitlab.Class
		says    string
	}{
		"no sub-path":             {handler: answer(404, html, "not found"), says: "no GitLab at this address; is a sub-path missing"},
		"another API":             {handler: answer(404, json, `{"message":"no Route matched with those values"}`), says: "no GitLab at this address; is a sub-path missing"},
		"gone":                    {handler: answer(410, json, `{}`), says: "no GitLab at this address"},
		"a page":                  {handler: answer(200, html, "<html>"), says: "something else answers in the place of GitLab's API"},
		"no JSON":                 {handler: answer(200, json, "hello"), class: gitlab.Transient, says: "reading the answer"},
		"other JSON":              {handler: answer(200, json, `{"ok":true}`), class: gitlab.Transient, says: "is it GitLab that answers"},
		"a login page":            {handler: redirect("https://sso.example/login?next=x"), says: "redirects to a login page, https://sso.example/login; "},
		"GitLab's login page":     {handler: redirect("/users/sign_in"), says: "redirects to a login page, /users/sign_in; "},
		"another address":         {handler: redirect("https://gitlab.example/"), says: "set the GitLab URL to the address that answers itself"},
		"plain HTTP to HTTPS":     {handler: answer(200, json, `{}`), tls: true, scheme: "http", says: "this port speaks HTTPS: write https://"},
		"HTTPS to plain HTTP":     {handler: answer(200, json, `{}`), scheme: "https", says: "this port speaks plain HTTP: write http://"},
		"plain HTTP, says nginx":  {handler: answer(400, html, "The plain HTTP request was sent to HTTPS port"), says: "this port speaks HTTPS: write https://"},
		"an authority of its own": {handler: answer(200, json, `{}`), tls: true, says: "name its file in SSL_CERT_FILE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewUnstartedServer(tt.handler)
			web.Config.ErrorLog = silent
			if tt.tls {
				web.StartTLS()
			} else {
				web.Start()
			}
			t.Cleanup(web.Close)
			at := web.URL
			if tt.scheme != "" {
				_, host, _ := strings.Cut(at, "://")
				at = tt.scheme + "://" + host
			}
			err := newClient(t, gitlab.Options{URL: at}).Ping(t.Context())
			if tt.class == "" {
				tt.class = gitlab.Unavailable
			}
			check(t, err, tt.class, tt.says)
			if got := gitlab.DeniedOf(err); got != "" {
				t.Errorf("denied is %q by %v", got, err)
			}
			if strings.Contains(err.Error(), "the token may") || strings.Contains(err.Error(), "valid one") {
				t.Errorf("the token is blamed: %v", err)
			}
		})
	}
}
