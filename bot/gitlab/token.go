package gitlab

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"flowkeeper/rules/triage"
)

// headerToken is the header in which GitLab's API takes access tokens of all kinds.
const headerToken = "PRIVATE-TOKEN"

// hushed is how many tokens are taken out of texts: the one in use and those before it, which answers still under way may echo.
const hushed = 8

// tokens is the token in use, which may be replaced while requests are under way, and what redacts it. Both are closures, so that
// printing a Client cannot show a token.
type tokens struct {
	mu     sync.Mutex
	show   func(http.Header)
	known  func() []string // the latest last
	redact func(string) string
}

// learn takes a token out of all texts from now on.
func (t *tokens) learn(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var known []string
	if t.known != nil {
		known = slices.DeleteFunc(t.known(), func(old string) bool { return old == token })
	}
	known = append(known, token)
	known = known[max(0, len(known)-hushed):]
	t.known = func() []string { return slices.Clone(known) }
	// The longest first, so that a token which begins like another leaves no rest.
	byLength := slices.SortedFunc(slices.Values(known), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, k := range byLength {
		pairs = append(pairs, k, "[token]")
	}
	t.redact = strings.NewReplacer(pairs...).Replace
}

// use shows a token to GitLab from now on.
func (t *tokens) use(token string) {
	t.learn(token)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.show = showing(token)
}

// current is what shows GitLab the token in use.
func (t *tokens) current() func(http.Header) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.show
}

// hide takes all known tokens out of a text.
func (t *tokens) hide(text string) string {
	t.mu.Lock()
	redact := t.redact
	t.mu.Unlock()
	return redact(text)
}

// showing puts a token into the header of a request.
func showing(token string) func(http.Header) {
	return func(h http.Header) { h.Set(headerToken, token) }
}

// CheckToken finds what no token can be, without printing it.
func CheckToken(token string) error {
	switch {
	case token == "":
		return errors.New("no GitLab token is given: the bot needs an access token with the scope api")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the GitLab token holds a blank, a line break or another character that no token has: copy it again")
	}
	return nil
}

// SetToken replaces the token for all requests from now on; those under way keep theirs. The error says what is wrong with a token that
// could never be one, and leaves the old in use.
func (c *Client) SetToken(token string) error {
	if err := CheckToken(token); err != nil {
		return err
	}
	c.tokens.use(token)
	return nil
}

// Holder asks GitLab whose token this is, without taking it into use.
func (c *Client) Holder(ctx context.Context, token string) (triage.Person, error) {
	if err := CheckToken(token); err != nil {
		return triage.Person{}, err
	}
	c.tokens.learn(token)
	return c.holder(ctx, showing(token))
}

// Scopes are the scopes of the token in use, none if GitLab does not tell: it is too old, or the token is of another kind. That the token
// may not even ask is an error, which DeniedOf tells.
func (c *Client) Scopes(ctx context.Context) ([]string, error) {
	k := call{
		name: "token", op: "asking GitLab what the token may do", method: http.MethodGet, path: "personal_access_tokens/self",
	}
	var token struct {
		Scopes []string `json:"scopes"`
	}
	if _, err := c.do(ctx, k, &token); absent(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return token.Scopes, nil
}

// IsAdmin reports whether the token is an administrator's, who needs no role in a project. Self has to have been asked.
func (c *Client) IsAdmin() bool { return c.admin.Load() }
