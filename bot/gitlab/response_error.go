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
	maxRetryDelay = 10 * time.Minute // how long an answer may keep the bot away
	maxQuoted     = 300              // characters quoted from the other side
)

// errUnknownParameters says that GitLab knows none of the parameters it was sent.
var errUnknownParameters = errors.New("this GitLab has none of the fields to write")

// responseError is the error for an answer whose status is no success.
func (c *Client) responseError(k call, a answer) *Error {
	class, denied, why := classify(k, c.redacted(a))
	err := c.newError(k, a.status, class, why)
	err.Denied = denied
	err.RetryAfter = retryDelayOf(a, c.now())
	return err
}

// redacted is the answer without the token, in case the other side has echoed it. Texts are cut only afterwards, so that no part of a token is left.
func (c *Client) redacted(a answer) answer {
	a.body = []byte(c.tokens.redactText(string(a.body)))
	a.header = a.header.Clone()
	for _, values := range a.header {
		for i := range values {
			values[i] = c.tokens.redactText(values[i])
		}
	}
	return a
}

// classify finds the class of an answer, what it denies as a whole, and a sentence that says what would help.
func classify(k call, a answer) (Class, Denied, error) {
	switch {
	case a.status == http.StatusUnauthorized:
		return Unavailable, DeniedToken, fmt.Errorf("%s: the token has expired or was revoked; give the bot a valid one", statusText(a))
	case a.status == http.StatusForbidden && saysJSON(a.header):
		return classifyForbidden(k, a, statusText(a))
	}
	class, err := classifyRequest(k, a)
	return class, "", err
}

// classifyRequest classifies answers that are about the request or about GitLab, not about the token.
func classifyRequest(k call, a answer) (Class, error) {
	text := statusText(a)
	switch a.status {
	case http.StatusTooManyRequests:
		return Unavailable, fmt.Errorf("%s: too many requests for now", text)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Unavailable, fmt.Errorf("%s: GitLab is not available", text)
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked, http.StatusTooEarly:
		return Transient, errors.New(text)
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return Permanent, fmt.Errorf("%s: what the bot sends is too large for the server in front of GitLab; allow larger requests there", text)
	}
	switch {
	case a.status < 400:
		return Unavailable, fmt.Errorf("%s: %w", text, redirectError(a.header))
	case a.status >= 520 && a.status <= 530:
		return Unavailable, fmt.Errorf("%s: GitLab cannot be reached behind its proxy", text)
	case a.status >= 500:
		return Transient, errors.New(text)
	case k.name == callUser && (a.status == http.StatusNotFound || a.status == http.StatusGone):
		return Unavailable, fmt.Errorf("%s: %w", text, ErrNoGitLab) // GitLab answers this for every valid token
	case !saysJSON(a.header):
		return notGitLabClass(k.method), notGitLabError(a)
	}
	switch a.status {
	case http.StatusNotFound, http.StatusGone:
		return NotFound, fmt.Errorf("%s: it is not there any more, or the token may not see it", text)
	case http.StatusBadRequest:
		if strings.Contains(string(a.body), "at least one parameter must be provided") {
			return Permanent, fmt.Errorf("%s: %w", text, errUnknownParameters)
		}
	}
	return Permanent, errors.New(text)
}

// classifyForbidden distinguishes what will pass (maintenance, a user or a token that may not use GitLab at all) from a token that lacks the
// rights for this request.
func classifyForbidden(k call, a answer, text string) (Class, Denied, error) {
	said := string(a.body)
	help := accountHelp(said)
	switch {
	case strings.Contains(said, "read-only instance"), strings.Contains(said, "undergoing maintenance"):
		return Unavailable, "", fmt.Errorf("%s: GitLab is under maintenance", text)
	case strings.Contains(said, "insufficient_scope"):
		return Unavailable, DeniedToken, fmt.Errorf("%s: the token lacks the scope api; create one that has it", text)
	case help != "":
		return Unavailable, DeniedAccount, deniedAccountError(text, help)
	case k.name == callUser:
		return Unavailable, DeniedAccount, deniedAccountError(text, "an administrator can tell why")
	case k.role != "":
		return Permanent, "", fmt.Errorf("%s: the token needs the role %s in the project for that", text, k.role)
	}
	return Permanent, "", fmt.Errorf("%s: the token needs the role Reporter or Planner in the project, which must not be archived; "+
		"a locked discussion takes comments from members only", text)
}

// statusText is an answer's status with GitLab's message: `403 Forbidden ("insufficient_scope")`.
func statusText(a answer) string {
	text := strings.TrimSpace(strconv.Itoa(a.status) + " " + http.StatusText(a.status))
	if said := gitlabMessage(a); said != "" {
		text += " (" + strconv.Quote(said) + ")"
	}
	return text
}

// gitlabMessage is GitLab's own message, short and on one line. Only JSON is quoted; the error pages of proxies are long and say nothing useful.
func gitlabMessage(a answer) string {
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
	return truncate(strings.Join(parts, ", "))
}

// truncate makes a foreign text fit into a log line.
func truncate(text string) string { return legible.Cut(legible.Printable(text), maxQuoted) }

// retryDelayOf is how long a busy GitLab asks to wait from now, between 0 and maxRetryDelay: the longer of Retry-After and, if there were
// too many requests and none is left, RateLimit-Reset (Unix seconds).
func retryDelayOf(a answer, now time.Time) time.Duration {
	busy := a.status == http.StatusTooManyRequests
	// With requests left, the refusal comes from a limit that is not in the headers, such as that of comments.
	spent := busy && (a.header.Get("RateLimit-Remaining") == "" || a.header.Get("RateLimit-Remaining") == "0")
	if !busy && a.status != http.StatusServiceUnavailable {
		return 0
	}
	wait, _ := RetryAfter(a.header, now)
	if s, err := strconv.ParseInt(a.header.Get("RateLimit-Reset"), 10, 64); err == nil && spent {
		wait = max(wait, time.Unix(s, 0).Sub(now))
	}
	return min(max(wait, 0), maxRetryDelay)
}

// RetryAfter is how long an answer asks to wait from now, by its header Retry-After (seconds or a date): between 0 and ten minutes. It is
// not ok if the answer does not say.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Duration(min(max(s, 0), int64(maxRetryDelay/time.Second))) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), maxRetryDelay), true
	}
	return 0, false
}
