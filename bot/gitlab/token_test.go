package gitlab_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
)

// owners is a GitLab that knows tokens and whose they are; it repeats every token in its refusals.
type owners map[string]string

func (o owners) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	shown := r.Header.Values("Private-Token")
	if name, known := o[strings.Join(shown, "+")]; known {
		_, _ = io.WriteString(w, `{"id":9,"username":"`+name+`","name":"x"}`)
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, `{"message":"no `+strings.Join(shown, "+")+`, nor `+token+`"}`)
}

func TestTokenIsReplaced(t *testing.T) {
	const next, wrong = token + "-next", "glpat-Wrong-0123456789" // one begins like the other
	web := httptest.NewServer(owners{token: "old", next: "new"})
	t.Cleanup(web.Close)
	c, err := gitlab.New(gitlab.Options{URL: web.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	who := func(want string) {
		t.Helper()
		if self, err := c.CurrentUser(t.Context()); err != nil || self.Username != want {
			t.Errorf("the token is that of %q, %v; want %q", self.Username, err, want)
		}
	}
	who("old")
	if holder, err := c.TokenUser(t.Context(), next); err != nil || holder.Username != "new" {
		t.Errorf("the other token is that of %q, %v", holder.Username, err)
	}
	who("old")
	if err := c.SetToken(next); err != nil {
		t.Fatal(err)
	}
	who("new")
	for _, bad := range []string{"", "two words", token + "\n"} {
		if err := c.SetToken(bad); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("setting %q: %v", bad, err)
		}
	}
	who("new")

	_, err = c.TokenUser(t.Context(), wrong)
	if err == nil || !strings.Contains(err.Error(), "[token]") {
		t.Fatalf("a wrong token: %v", err)
	}
	for _, hidden := range []string{token, next, wrong, "-next"} {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("the error %q shows %s", err, hidden)
		}
	}
	who("new")
}
