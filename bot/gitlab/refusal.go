package gitlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	maxAfter = 10 * time.Minute // how long an answer may keep the bot away
	maxText  = 300              // characters quoted from the other side
)

// errUnknownParameters says that GitLab knows none of the parameters it was sent.
var errUnknownParameters = errors.New("this GitLab has none of the fields to write")

// refused is the failure that an answer's status stands for.
func (c *Client) refused(k call, a answer) error {
	class, why := judge(k, c.redacted(a))
	err := c.fail(k, a.status, class, why)
	err.After = after(a, c.now())
	return err
}

// redacted is the answer without the token, should somebody have echoed it. Cutting texts comes later, so that no piece of it is left.
func (c *Client) redacted(a answer) answer {
	a.body = []byte(c.tokens.hide(string(a.body)))
	a.header = a.header.Clone()
	for _, values := range a.header {
		for i := range values {
			values[i] = c.tokens.hide(values[i])
		}
	}
	return a
}

// judge finds the class of a status and a sentence that says what would help.
func judge(k call, a answer) (Class, error) {
	text := describe(a)
	switch a.status {
	case http.StatusUnauthorized:
		return Outage, fmt.Errorf("%s: the token has expired or was revoked; give the bot a valid one", text)
	case http.StatusTooManyRequests:
		return Outage, fmt.Errorf("%s: too many requests for now", text)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Outage, fmt.Errorf("%s: GitLab is not available", text)
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked, http.StatusTooEarly:
		return Retry, errors.New(text)
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return GiveUp, fmt.Errorf("%s: what the bot sends is too large for the server in front of GitLab; allow larger requests there", text)
	}
	switch {
	case a.status < 400:
		return Outage, fmt.Errorf("%s: redirects to %s, which are not followed; set the GitLab URL to the address that answers itself",
			text, target(a.header))
	case a.status >= 520 && a.status <= 530:
		return Outage, fmt.Errorf("%s: GitLab cannot be reached behind its proxy", text)
	case a.status >= 500:
		return Retry, errors.New(text)
	case !saysJSON(a.header):
		return foreignClass(k.method), foreign(a)
	}
	switch a.status {
	case http.StatusNotFound, http.StatusGone:
		return Gone, fmt.Errorf("%s: it is not there any more, or the token may not see it", text)
	case http.StatusForbidden:
		return forbidden(k, a, text)
	case http.StatusBadRequest:
		if strings.Contains(string(a.body), "at least one parameter must be provided") {
			return GiveUp, fmt.Errorf("%s: %w", text, errUnknownParameters)
		}
	}
	return GiveUp, errors.New(text)
}

// barred are words of the messages with which GitLab refuses an account as a whole: blocked, banned, deactivated, not approved yet, an email
// address that is not confirmed, a password that expired, terms that are not accepted, two-factor authentication that is missing, an address
// that is not allowed.
var barred = []string{
	"account has been blocked", "account is blocked", "account has been banned", "account has been deactivated", "account is pending approval",
	"account is locked", "sign up request was rejected", "email address is not confirmed", "password expired", "password has expired",
	"terms of service", "two-factor", "2fa", "ip address", "ip is not allowed", "not allowed from your ip",
}

// forbidden tells a GitLab under maintenance, which will write again, and a bot whose account is shut out for now, from a token that may not do
// what it is used for.
func forbidden(k call, a answer, text string) (Class, error) {
	said := string(a.body)
	lower := strings.ToLower(said)
	switch {
	case slices.ContainsFunc(barred, func(words string) bool { return strings.Contains(lower, words) }):
		return Outage, fmt.Errorf("%s: GitLab shuts the bot's account out; deliveries are kept until its administrator lets it in again", text)
	case strings.Contains(said, "read-only instance"), strings.Contains(said, "undergoing maintenance"):
		return Outage, fmt.Errorf("%s: GitLab is under maintenance", text)
	case strings.Contains(said, "insufficient_scope"):
		return GiveUp, fmt.Errorf("%s: the token lacks the scope api; create one that has it", text)
	}
	if k.name == callUser {
		return Outage, fmt.Errorf("%s: GitLab does not even tell who the bot is; deliveries are kept until its account is let in again", text)
	}
	if k.role != "" {
		return GiveUp, fmt.Errorf("%s: the token needs the role %s in the project for that", text, k.role)
	}
	return GiveUp, fmt.Errorf("%s: the token needs the role Reporter or Planner in the project, which must not be archived; "+
		"a locked discussion takes comments from members only", text)
}

// foreign is the failure of an answer that GitLab's API cannot have given: a proxy's error page, a login page, a wrong address.
// It must not count as "the issue is gone".
func foreign(a answer) error {
	kind := a.header.Get("Content-Type")
	if kind == "" {
		kind = "nothing readable"
	}
	return fmt.Errorf("status %d with %s instead of JSON: something else answers in the place of GitLab's API; "+
		"check the GitLab URL and the proxies on the way", a.status, clip(kind))
}

// foreignClass is the class of a foreign answer. Reads are refused alike for everybody; a write may be refused by a filter for what
// it says, which would never end.
func foreignClass(method string) Class {
	if method == http.MethodGet {
		return Outage
	}
	return Retry
}

// describe puts a status and what GitLab said with it into words: `403 Forbidden ("insufficient_scope")`.
func describe(a answer) string {
	text := strings.TrimSpace(strconv.Itoa(a.status) + " " + http.StatusText(a.status))
	if said := said(a); said != "" {
		text += " (" + strconv.Quote(said) + ")"
	}
	return text
}

// said is GitLab's own message, short and on one line. Only JSON is quoted: pages of others say nothing useful at length.
func said(a answer) string {
	var body struct {
		Message     json.RawMessage `json:"message"`
		Error       json.RawMessage `json:"error"`
		Description json.RawMessage `json:"error_description"`
	}
	if !saysJSON(a.header) || json.Unmarshal(a.body, &body) != nil {
		return ""
	}
	var parts []string
	for _, raw := range []json.RawMessage{body.Message, body.Error, body.Description} {
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		var plain string
		if json.Unmarshal(raw, &plain) != nil {
			plain = string(raw)
		}
		parts = append(parts, plain)
	}
	return clip(strings.Join(parts, ", "))
}

// clip makes a foreign text fit into a log line: at most maxText characters, all of them printable.
func clip(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > maxText {
			return b.String() + "…"
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// target is where a redirect leads, without its query, in which a login page may carry secrets.
func target(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || h.Get("Location") == "" {
		return "an address that cannot be read"
	}
	return clip((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

// after is how long a busy GitLab asks to wait from now, between 0 and maxAfter: the later of Retry-After (seconds or a date) and, if
// there were too many requests and none is left, RateLimit-Reset (Unix seconds).
func after(a answer, now time.Time) time.Duration {
	busy := a.status == http.StatusTooManyRequests
	// With requests left, the refusal comes from one of the limits that the headers do not speak of (comments, for one).
	spent := busy && (a.header.Get("RateLimit-Remaining") == "" || a.header.Get("RateLimit-Remaining") == "0")
	if !busy && a.status != http.StatusServiceUnavailable {
		return 0
	}
	wait := time.Duration(0)
	if v := a.header.Get("Retry-After"); v != "" {
		if s, err := strconv.ParseInt(v, 10, 64); err == nil {
			wait = time.Duration(min(max(s, 0), int64(maxAfter/time.Second))) * time.Second
		} else if at, err := http.ParseTime(v); err == nil {
			wait = at.Sub(now)
		}
	}
	if s, err := strconv.ParseInt(a.header.Get("RateLimit-Reset"), 10, 64); err == nil && spent {
		wait = max(wait, time.Unix(s, 0).Sub(now))
	}
	return min(max(wait, 0), maxAfter)
}
