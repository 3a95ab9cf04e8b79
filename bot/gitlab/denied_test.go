package gitlab_test

import (
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot/gitlab"
)

// A refusal of the bot's account is no fault of what it does at the moment, in whichever call it shows.
func TestAccountIsDenied(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	tests := map[string]struct{ said, help string }{
		"blocked":     {"403 Forbidden - Your account has been blocked.", "unblock"},
		"pending":     {"403 Forbidden - Your account is pending approval from your administrator and hence blocked.", "approve"},
		"deactivated": {"403 Forbidden - Your account has been deactivated by your administrator. Please log back in from a web browser to reactivate your account at https://gl.example", "activate"},
		"terms":       {"403 Forbidden - You (@flowkeeper-bot) must accept the Terms of Service in order to perform this action. To accept these terms, please access GitLab from a web browser at https://gl.example.", "accept the terms"},
		"password":    {"403 Forbidden - Your password expired. Please access GitLab from a web browser to update your password.", "new password"},
		"unconfirmed": {"403 Forbidden - Your primary email address is not confirmed. Please check your inbox for the confirmation instructions.", "confirmed"},
		"two factors": {"403 Forbidden - Two-factor authentication is required", "two-factor"},
		"address":     {"403 Forbidden - IP address not allowed", "address"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: always(http.StatusForbidden, json, `{"message":"`+tt.said+`"}`), Everything: true}
			for call, do := range calls(s.client(t)) {
				err := do(t.Context())
				check(t, err, gitlab.Unavailable, "shuts the bot's account out", tt.help)
				if got := gitlab.DeniedOf(err); got != gitlab.DeniedAccount {
					t.Errorf("%s: denied is %q, want the account", call, got)
				}
			}
		})
	}
}

// What does not say whether it is about the account is asked.
func TestRefusalInDoubt(t *testing.T) {
	t.Parallel()
	const json, html = "application/json", "text/html"
	plain := always(http.StatusForbidden, json, `{"message":"403 Forbidden"}`)
	page := always(http.StatusForbidden, html, "<h1>Forbidden</h1>")
	tests := map[string]struct {
		answer, user func(http.ResponseWriter, *http.Request) bool
		class        gitlab.Class
		denied       gitlab.Denied
		says         string
	}{
		"the account":            {plain, plain, gitlab.Unavailable, gitlab.DeniedAccount, "shuts the bot's account out"},
		"the account, now named": {plain, always(403, json, `{"message":"403 Forbidden - Your account has been blocked."}`), gitlab.Unavailable, gitlab.DeniedAccount, "unblock"},
		"the token":              {plain, always(401, json, `{"message":"401 Unauthorized"}`), gitlab.Unavailable, gitlab.DeniedToken, "expired or was revoked"},
		"a ban of the address":   {page, page, gitlab.Unavailable, "", "something else answers"},
		"GitLab cannot say":      {plain, always(503, html, "x"), gitlab.Unavailable, "", "not available"},
		"GitLab fails":           {plain, always(500, json, `{}`), gitlab.Transient, "", "500"},
		"the request":            {plain, nil, gitlab.Permanent, "", "role Reporter"},
		"what it says":           {page, nil, gitlab.Transient, "", "text/html"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Everything: true, Answer: func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/api/v4/user" {
					return tt.user != nil && tt.user(w, r)
				}
				return tt.answer(w, r)
			}}
			all := calls(s.client(t))
			for _, call := range []string{"write", "comment", "react", "open", "resend"} {
				err := all[call](t.Context())
				says := tt.says
				if call == "resend" && tt.class == gitlab.Permanent {
					says = "role Maintainer"
				}
				check(t, err, tt.class, says)
				if got := gitlab.DeniedOf(err); got != tt.denied {
					t.Errorf("%s: denied is %q, want %q", call, got, tt.denied)
				}
				if strings.Count(err.Error(), "something else answers") > 1 {
					t.Errorf("%s says it twice: %v", call, err)
				}
			}
		})
	}
}

func TestDeniedOfOtherErrors(t *testing.T) {
	t.Parallel()
	s := server{Answer: always(http.StatusForbidden, "application/json", `{"error":"insufficient_scope","scope":"api"}`), Everything: true}
	c := s.client(t)
	if err := c.Ping(t.Context()); gitlab.DeniedOf(err) != gitlab.DeniedToken {
		t.Errorf("denied by %v is %q, want the token", err, gitlab.DeniedOf(err))
	}
	if got := gitlab.DeniedOf(nil); got != "" {
		t.Errorf("denied by nothing is %q", got)
	}
}
