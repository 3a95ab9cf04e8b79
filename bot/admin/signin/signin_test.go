package signin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/admin/signin"
)

const token = "correct-horse-battery"

// clock is a time that tests move on.
type clock struct{ now time.Time }

func guard() (*signin.Guard, *clock) {
	c := &clock{time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	return signin.New(token, func() time.Time { return c.now }), c
}

// with is a request that brings what an earlier answer set.
func with(answer *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range answer.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

func TestSession(t *testing.T) {
	g, now := guard()
	w := httptest.NewRecorder()
	g.Begin(w, httptest.NewRequest(http.MethodPost, "/signin", nil))
	header := w.Header().Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(header, want) {
			t.Errorf("the cookie lacks %s: %s", want, header)
		}
	}
	if strings.Contains(header, "Secure") || strings.Contains(header, token) {
		t.Errorf("over plain HTTP: %s", header)
	}
	if !g.InSession(with(w)) {
		t.Error("the session is not known")
	}
	other, _ := guard()
	if !other.InSession(with(w)) {
		t.Error("another replica with the same token does not know the session")
	}
	if signin.New("another-token-entirely", func() time.Time { return now.now }).InSession(with(w)) {
		t.Error("a session outlives its token")
	}
	now.now = now.now.Add(12*time.Hour + time.Second)
	if g.InSession(with(w)) {
		t.Error("the session does not end")
	}
}

func TestSecureCookie(t *testing.T) {
	g, _ := guard()
	r := httptest.NewRequest(http.MethodPost, "/signin", nil)
	r.Header.Set("X-Forwarded-Proto", "https")
	w := httptest.NewRecorder()
	g.Begin(w, r)
	if header := w.Header().Get("Set-Cookie"); !strings.Contains(header, "; Secure") {
		t.Errorf("over HTTPS: %s", header)
	}
}

// TestForgedSessions: nobody without the token makes a session, or prolongs one.
func TestForgedSessions(t *testing.T) {
	g, _ := guard()
	w := httptest.NewRecorder()
	g.Begin(w, httptest.NewRequest(http.MethodPost, "/signin", nil))
	value := w.Result().Cookies()[0].Value
	for _, forged := range []string{"", ".", "..", "x", "9" + value, strings.Replace(value, ".", "0.", 1), value + "A", value[:len(value)-1], "99999999999.a.b"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "flowkeeper_admin", Value: forged})
		if g.InSession(r) || g.CSRF(r) != "" {
			t.Errorf("%q is taken for a session", forged)
		}
	}
}

func TestForms(t *testing.T) {
	g, _ := guard()
	w, other := httptest.NewRecorder(), httptest.NewRecorder()
	g.Begin(w, httptest.NewRequest(http.MethodPost, "/signin", nil))
	g.Begin(other, httptest.NewRequest(http.MethodPost, "/signin", nil))
	for name, test := range map[string]struct {
		csrf string
		want bool
	}{
		"ours": {g.CSRF(with(w)), true}, "of another session": {g.CSRF(with(other)), false}, "none": {"", false},
	} {
		r := httptest.NewRequest(http.MethodPost, "/dead/7/12/retry", strings.NewReader(url.Values{signin.CSRFField: {test.csrf}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(w.Result().Cookies()[0])
		if got := g.FormIsOurs(r); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestBearer(t *testing.T) {
	g, _ := guard()
	for header, want := range map[string]signin.Result{
		"": signin.Absent, "Bearer " + token: signin.Accepted, "bearer " + token: signin.Accepted, "Bearer x": signin.Wrong, "Bearer": signin.Wrong,
		"Basic " + token: signin.Wrong, token: signin.Wrong,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		if got := g.CheckBearer(r); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// TestThrottle: ten wrong tokens, then even the right one is not looked at for a while; other addresses are not concerned.
func TestThrottle(t *testing.T) {
	g, now := guard()
	from := func(address string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/signin", nil)
		r.RemoteAddr = address
		return r
	}
	for n := range 10 {
		if got := g.Check(from(fmt.Sprintf("[2001:db8::%d]:99", n)), "wrong"); got != signin.Wrong {
			t.Fatalf("try %d: %v", n, got)
		}
	}
	if got := g.Check(from("[2001:db8::77]:5"), token); got != signin.Throttled {
		t.Errorf("the eleventh of the network: %v", got)
	}
	if got := g.Check(from("[2001:db8:0:1::1]:5"), token); got != signin.Accepted {
		t.Errorf("another network: %v", got)
	}
	now.now = now.now.Add(6 * time.Second)
	if got := g.Check(from("[2001:db8::77]:5"), token); got != signin.Accepted {
		t.Errorf("after a while: %v", got)
	}
}

// TestThrottleIsBounded: many addresses share one count, so that more addresses are not more tries.
func TestThrottleIsBounded(t *testing.T) {
	g, _ := guard()
	looked := 0
	for n := range 3000 {
		r := httptest.NewRequest(http.MethodPost, "/signin", nil)
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:9", n/250, n%250)
		if g.Check(r, "wrong") != signin.Throttled {
			looked++
		}
	}
	if want := 1000 + 10; looked != want {
		t.Errorf("%d tokens were looked at, want %d", looked, want)
	}
}
