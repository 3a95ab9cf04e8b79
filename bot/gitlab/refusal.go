package gitlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/legible"
)

const (
	maxAfter = 10 * time.Minute // how long an answer may keep the bot away
	maxText  = 300              // characters quoted from the other side
)

// errUnknownParameters says that GitLab knows none of the parameters it was sent.
var errUnknownParameters = errors.New("this GitLab has none of the fields to write")

// refused is the failure that an answer's status stands for.
func (c *Client) refused(k call, a answer) *Error {
	class, denied, why := judge(k, c.redacted(a))
	err := c.fail(k, a.status, class, why)
	err.Denied = denied
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

// judge finds the class of an answer, what it denies as a whole, and a sentence that says what would help.
func judge(k call, a answer) (Class, Denied, error) {
	switch {
	case a.status == http.StatusUnauthorized:
		return Outage, DeniedToken, fmt.Errorf("%s: the token has expired or was revoked; give the bot a valid one", describe(a))
	case a.status == http.StatusForbidden && saysJSON(a.header):
		return forbidden(k, a, describe(a))
	}
	class, err := judgeRequest(k, a)
	return class, "", err
}

// judgeRequest is judge for what is about the request or about GitLab.
func judgeRequest(k call, a answer) (Class, error) {
	text := describe(a)
	switch a.status {
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
		return Outage, fmt.Errorf("%s: %w", text, redirected(a.header))
	case a.status >= 520 && a.status <= 530:
		return Outage, fmt.Errorf("%s: GitLab cannot be reached behind its proxy", text)
	case a.status >= 500:
		return Retry, errors.New(text)
	case k.name == callUser && (a.status == http.StatusNotFound || a.status == http.StatusGone):
		return Outage, fmt.Errorf("%s: %w", text, ErrNoGitLab) // GitLab knows every user that it lets in
	case !saysJSON(a.header):
		return foreignClass(k.method), foreign(a)
	}
	switch a.status {
	case http.StatusNotFound, http.StatusGone:
		return Gone, fmt.Errorf("%s: it is not there any more, or the token may not see it", text)
	case http.StatusBadRequest:
		if strings.Contains(string(a.body), "at least one parameter must be provided") {
			return GiveUp, fmt.Errorf("%s: %w", text, errUnknownParameters)
		}
	}
	return GiveUp, errors.New(text)
}

// forbidden tells what will pass (maintenance, a user or a token that may not use GitLab at all) from a token that may not do what it is
// used for.
func forbidden(k call, a answer, text string) (Class, Denied, error) {
	said := string(a.body)
	help := accountHelp(said)
	switch {
	case strings.Contains(said, "read-only instance"), strings.Contains(said, "undergoing maintenance"):
		return Outage, "", fmt.Errorf("%s: GitLab is under maintenance", text)
	case strings.Contains(said, "insufficient_scope"):
		return Outage, DeniedToken, fmt.Errorf("%s: the token lacks the scope api; create one that has it", text)
	case help != "":
		return Outage, DeniedAccount, deniedAccount(text, help)
	case k.name == callUser:
		return Outage, DeniedAccount, deniedAccount(text, "an administrator can tell why")
	case k.role != "":
		return GiveUp, "", fmt.Errorf("%s: the token needs the role %s in the project for that", text, k.role)
	}
	return GiveUp, "", fmt.Errorf("%s: the token needs the role Reporter or Planner in the project, which must not be archived; "+
		"a locked discussion takes comments from members only", text)
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

// clip makes a foreign text fit into a log line.
func clip(text string) string { return legible.Cut(legible.Printable(text), maxText) }

// after is how long a busy GitLab asks to wait from now, between 0 and maxAfter: the later of RetryAfter and, if
// there were too many requests and none is left, RateLimit-Reset (Unix seconds).
func after(a answer, now time.Time) time.Duration {
	busy := a.status == http.StatusTooManyRequests
	// With requests left, the refusal comes from one of the limits that the headers do not speak of (comments, for one).
	spent := busy && (a.header.Get("RateLimit-Remaining") == "" || a.header.Get("RateLimit-Remaining") == "0")
	if !busy && a.status != http.StatusServiceUnavailable {
		return 0
	}
	wait, _ := RetryAfter(a.header, now)
	if s, err := strconv.ParseInt(a.header.Get("RateLimit-Reset"), 10, 64); err == nil && spent {
		wait = max(wait, time.Unix(s, 0).Sub(now))
	}
	return min(max(wait, 0), maxAfter)
}

// RetryAfter is how long an answer asks to wait from now, by its header Retry-After (seconds or a date): between 0 and ten minutes. It is
// not ok if the answer does not say.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Duration(min(max(s, 0), int64(maxAfter/time.Second))) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), maxAfter), true
	}
	return 0, false
}
