// Package signin tells who may use the admin address: whoever shows the admin token, scripts with every request, people once for a browser
// session. Nothing is stored: a session is a signed cookie that all replicas with the same token accept, and another token ends them all.
package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// CSRFField is the field of forms that holds CSRF.
const CSRFField = "csrf"

const (
	cookieName = "flowkeeper_admin"
	// sessionTime is how long a session lasts.
	sessionTime = 12 * time.Hour
)

// Guard knows the token. It may be used by many goroutines.
type Guard struct {
	key      []byte // signs sessions and forms
	token    [sha256.Size]byte
	now      func() time.Time
	throttle throttle
}

// New is the guard of an admin token, which is not empty.
func New(token string, now func() time.Time) *Guard {
	g := &Guard{token: sha256.Sum256([]byte(token)), now: now, throttle: newThrottle()}
	g.key = mac([]byte(token), "flowkeeper admin session")
	return g
}

// Result is what became of showing a token.
type Result int

// The results.
const (
	Absent    Result = iota // no token was shown
	Accepted                // it is the right one
	Wrong                   // it is not
	Throttled               // too many wrong ones came from that address; this one was not looked at
)

// RetryAfter is how many seconds a throttled address should wait.
const RetryAfter = "6"

// Check looks at a token that a request brings.
func (g *Guard) Check(r *http.Request, token string) Result {
	now := g.now()
	if !g.throttle.allows(r.RemoteAddr, now) {
		return Throttled
	}
	shown := sha256.Sum256([]byte(token))
	if hmac.Equal(shown[:], g.token[:]) { // takes as long for a wrong one
		return Accepted
	}
	g.throttle.failed(r.RemoteAddr, now)
	return Wrong
}

// CheckBearer looks at the token of an Authorization header.
func (g *Guard) CheckBearer(r *http.Request) Result {
	header := r.Header.Get("Authorization")
	if header == "" {
		return Absent
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = "" // counts as a wrong one
	}
	return g.Check(r, strings.TrimSpace(token))
}

// Begin starts a session.
func (g *Guard) Begin(w http.ResponseWriter, r *http.Request) {
	text := strconv.FormatInt(g.now().Add(sessionTime).Unix(), 10) + "." + rand.Text()
	http.SetCookie(w, cookie(r, text+"."+encode(mac(g.key, "session "+text)), int(sessionTime/time.Second)))
}

// End ends it.
func End(w http.ResponseWriter, r *http.Request) { http.SetCookie(w, cookie(r, "", -1)) }

func cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
}

// InSession reports whether a request belongs to a session.
func (g *Guard) InSession(r *http.Request) bool { return g.session(r) != "" }

// session is the session's name, "" if there is none.
func (g *Guard) session(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	at := strings.LastIndexByte(c.Value, '.')
	if at < 0 {
		return ""
	}
	text, signature := c.Value[:at], c.Value[at+1:]
	if !hmac.Equal([]byte(signature), []byte(encode(mac(g.key, "session "+text)))) {
		return ""
	}
	expires, _, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || !g.now().Before(time.Unix(seconds, 0)) {
		return ""
	}
	return text
}

// CSRF is what forms of the session carry, so that no other site can write one; "" without a session.
func (g *Guard) CSRF(r *http.Request) string {
	session := g.session(r)
	if session == "" {
		return ""
	}
	return encode(mac(g.key, "form "+session))
}

// FormIsOurs reports whether a form of the session was sent.
func (g *Guard) FormIsOurs(r *http.Request) bool {
	want := g.CSRF(r)
	return want != "" && hmac.Equal([]byte(r.PostFormValue(CSRFField)), []byte(want))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
