package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"flowkeeper/bot/admin/page"
)

// TestEveryPageAsks: with a token everything but probes, metrics, the sign-in and the style sheet asks for it.
func TestEveryPageAsks(t *testing.T) {
	h := pages(t, newShelf(t), adminToken)
	for _, path := range append(allPages(), "/shadow?since=2026-03-02T09:00:00Z") {
		w := do(h, http.MethodGet, path, fromBrowser)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/signin?to="+url.QueryEscape(path) {
			t.Errorf("%s in a browser: %d %v", path, w.Code, w.Header())
		}
		w = do(h, http.MethodGet, path, nil)
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" || !strings.Contains(w.Body.String(), "FLOWKEEPER_ADMIN_TOKEN") {
			t.Errorf("%s of a script: %d %s", path, w.Code, w.Body)
		}
		if w = do(h, http.MethodGet, path, http.Header{"Authorization": {"Bearer wrong"}}); w.Code != http.StatusUnauthorized && w.Code != http.StatusTooManyRequests {
			t.Errorf("%s with a wrong token: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/signin", page.StylePath} {
		if w := do(h, http.MethodGet, path, fromBrowser); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/dead/7/12/retry", "/dead/7/12/drop", "/adopt?project=7", "/signout"} {
		if w := do(h, http.MethodPost, path, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("POST %s: %d", path, w.Code)
		}
	}
}

// TestBearer: a script shows the token and reads and changes.
func TestBearer(t *testing.T) {
	s := newShelf(t)
	h := pages(t, s, adminToken)
	shown := http.Header{"Authorization": {"Bearer " + adminToken}}
	if w := do(h, http.MethodGet, "/dead", shown); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do(h, http.MethodPost, "/dead/7/12/retry", shown); w.Code != http.StatusAccepted || len(s.due) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestForms: a visitor who has signed in retries and drops; without the field of the session, from elsewhere, or without a token on the server
// nothing is done.
func TestForms(t *testing.T) {
	s := newShelf(t)
	h := pages(t, s, adminToken)
	visitor := signedIn(t, h)
	body := do(h, http.MethodGet, "/dead/7/12", visitor).Body.String()
	_, rest, found := strings.Cut(body, `name="csrf" value="`)
	csrf, _, _ := strings.Cut(rest, `"`)
	if !found || csrf == "" {
		t.Fatal("the page has no form")
	}
	right := url.Values{"csrf": {csrf}}
	for name, attack := range map[string]func() int{
		"no field":       func() int { return post(h, "/dead/7/12/retry", visitor, nil).Code },
		"a wrong field":  func() int { return post(h, "/dead/7/12/retry", visitor, url.Values{"csrf": {csrf + "x"}}).Code },
		"in the address": func() int { return post(h, "/dead/7/12/retry?csrf="+csrf, visitor, nil).Code },
		"another site": func() int {
			foreign := visitor.Clone()
			foreign.Set("Sec-Fetch-Site", "cross-site")
			foreign.Set("Origin", "https://evil.example")
			return post(h, "/dead/7/12/retry", foreign, right).Code
		},
		"sign in from elsewhere": func() int {
			return post(h, "/signin", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, url.Values{"token": {adminToken}}).Code
		},
		"no token on the server": func() int { return post(pages(t, s, ""), "/dead/7/12/retry", visitor, right).Code },
	} {
		if code := attack(); code != http.StatusForbidden || len(s.due) > 0 {
			t.Errorf("%s: %d, %d letters are due", name, code, len(s.due))
		}
	}
	if w := post(h, "/dead/7/12/retry", visitor, right); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/dead?done=due+again&of=7%2312" || len(s.due) != 1 {
		t.Errorf("retry: %d %v", w.Code, w.Header())
	}
	if w := post(h, "/dead/7/11/drop", visitor, right); w.Code != http.StatusSeeOther || len(s.dead) != 0 {
		t.Errorf("drop: %d %v", w.Code, w.Header())
	}
	w := post(h, "/signout", visitor, right)
	if cookie := w.Header().Get("Set-Cookie"); w.Code != http.StatusSeeOther || !strings.Contains(cookie, "Max-Age=0") {
		t.Errorf("sign out: %d %s", w.Code, cookie)
	}
}

// TestSignIn: a wrong token is told, the eleventh is not looked at, and a visitor goes on where they wanted to, never to another site.
func TestSignIn(t *testing.T) {
	h := pages(t, newShelf(t), adminToken)
	for to, want := range map[string]string{
		"/dead?x=1": "/dead?x=1", "": "/", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "/\t/evil.example": "/", "javascript:alert(1)": "/",
	} {
		if w := post(h, "/signin", nil, url.Values{"token": {adminToken}, "to": {to}}); w.Header().Get("Location") != want {
			t.Errorf("on to %q: %q, want %q", to, w.Header().Get("Location"), want)
		}
	}
	for n := range 11 {
		w := post(h, "/signin", nil, url.Values{"token": {fmt.Sprint("wrong", n)}})
		want, words := http.StatusUnauthorized, "This is not the token."
		if n == 10 {
			want, words = http.StatusTooManyRequests, "Wait a few seconds."
		}
		if w.Code != want || !strings.Contains(w.Body.String(), words) || len(w.Result().Cookies()) > 0 {
			t.Errorf("try %d: %d %s", n, w.Code, w.Body)
		}
	}
	if w := post(h, "/signin", nil, url.Values{"token": {adminToken}}); w.Code != http.StatusTooManyRequests {
		t.Errorf("the right one after that: %d", w.Code)
	}
}
