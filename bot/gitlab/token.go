package gitlab

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"flowkeeper/rules/triage"
)

// headerToken is the header in which GitLab's API takes access tokens of all kinds.
const headerToken = "PRIVATE-TOKEN"

// maxRedacted is how many tokens are redacted in texts: the one in use and earlier ones, which late answers may still echo.
const maxRedacted = 8

// tokens is the token in use, which may be replaced while requests are under way, and what redacts it. Both are closures, so that
// printing a Client cannot show a token.
type tokens struct {
	mu     sync.Mutex
	show   func(http.Header)
	known  func() []string // the latest last
	redact func(string) string
}

// addRedacted redacts a token in all texts from now on.
func (t *tokens) addRedacted(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var known []string
	if t.known != nil {
		known = slices.DeleteFunc(t.known(), func(old string) bool { return old == token })
	}
	known = append(known, token)
	known = known[max(0, len(known)-maxRedacted):]
	t.known = func() []string { return slices.Clone(known) }
	// The longest first, so that a token which begins like another leaves no rest.
	byLength := slices.SortedFunc(slices.Values(known), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, k := range byLength {
		pairs = append(pairs, k, "[token]")
	}
	t.redact = strings.NewReplacer(pairs...).Replace
}

// setCurrent uses a token for all requests from now on.
func (t *tokens) setCurrent(token string) {
	t.addRedacted(token)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.show = tokenHeader(token)
}

// current is a function that sets the token in use in a request's header.
func (t *tokens) current() func(http.Header) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.show
}

// redactText replaces all known tokens in a text.
func (t *tokens) redactText(text string) string {
	t.mu.Lock()
	redact := t.redact
	t.mu.Unlock()
	return redact(text)
}

// tokenHeader is a function that sets the token in a request's header.
func tokenHeader(token string) func(http.Header) {
	return func(h http.Header) { h.Set(headerToken, token) }
}

// CheckToken finds texts that cannot be a token, without printing them.
func CheckToken(token string) error {
	switch {
	case token == "":
		return errors.New("no GitLab token is given: the bot needs an access token with the scope api")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the GitLab token holds a blank, a line break or another character that no token has: copy it again")
	}
	return nil
}

// SetToken replaces the token for all requests from now on; those under way keep theirs. With an error, which says why the text cannot be a
// token, the old one stays in use.
func (c *Client) SetToken(token string) error {
	if err := CheckToken(token); err != nil {
		return err
	}
	c.tokens.setCurrent(token)
	return nil
}

// TokenUser asks GitLab for the user of a token, without using it for other requests.
func (c *Client) TokenUser(ctx context.Context, token string) (triage.Person, error) {
	if err := CheckToken(token); err != nil {
		return triage.Person{}, err
	}
	c.tokens.addRedacted(token)
	return c.tokenUser(ctx, tokenHeader(token))
}

// TokenScopes are the scopes of the token in use, none if GitLab does not say: it is too old, or the token is of another kind. A token that
// may not even ask is an error, see DeniedOf.
func (c *Client) TokenScopes(ctx context.Context) ([]string, error) {
	token, err := c.TokenSelf(ctx)
	return token.Scopes, err
}

// TokenInfo is what GitLab says of a token.
type TokenInfo struct {
	Scopes  []string  // none if GitLab does not say
	Expires time.Time // it is good until 00:00 UTC of this day; zero if it does not expire or GitLab does not say
}

// TokenSelf is what GitLab says of the token in use: nothing if it is too old or the token is of another kind. A token that may not even ask is
// an error, see DeniedOf.
func (c *Client) TokenSelf(ctx context.Context) (TokenInfo, error) {
	k := call{
		name: "token", op: "asking GitLab what the token may do", method: http.MethodGet, path: "personal_access_tokens/self",
	}
	var token struct {
		Scopes  []string `json:"scopes"`
		Expires string   `json:"expires_at"`
	}
	if _, err := c.do(ctx, k, &token); isMissing(err) {
		return TokenInfo{}, nil
	} else if err != nil {
		return TokenInfo{}, err
	}
	info := TokenInfo{Scopes: token.Scopes}
	if day, err := time.Parse(time.DateOnly, token.Expires); err == nil {
		info.Expires = day
	}
	return info, nil
}

// IsAdmin reports whether the token is an administrator's, who needs no role in a project. It is known only after CurrentUser.
func (c *Client) IsAdmin() bool { return c.admin.Load() }
