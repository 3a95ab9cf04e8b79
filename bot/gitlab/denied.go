package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Denied says what GitLab refuses as a whole, whatever the request. Such an error is Unavailable: nothing is wrong with the issue at hand.
type Denied string

// What may be refused.
const (
	// DeniedToken: another token is needed.
	DeniedToken Denied = "token"
	// DeniedAccount: the token's user is not let in, or not from this address. The same token works again when that is mended.
	DeniedAccount Denied = "account"
)

// DeniedOf is what GitLab refused as a whole, however the error is wrapped; "" if it refused only this request.
func DeniedOf(err error) Denied {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Denied
	}
	return ""
}

// accountWords are parts of what GitLab says with 403 to a user who may not use the API at all, each with what would help.
var accountWords = []struct{ part, help string }{
	{"account has been blocked", "an administrator has to unblock the bot's user"},
	{"account is blocked", "an administrator has to unblock the bot's user"},
	{"account has been banned", "an administrator has to unban the bot's user"},
	{"account is pending approval", "an administrator has to approve the bot's user"},
	{"sign up request was rejected", "the token has to be of another user"},
	{"account has been deactivated", "an administrator has to activate the bot's user"},
	{"account is locked", "an administrator has to unlock the bot's user"},
	{"must accept the Terms of Service", "somebody has to sign in as the bot's user and accept the terms"},
	{"password expired", "somebody has to sign in as the bot's user and set a new password, or use the token of a project or group"},
	{"password has expired", "somebody has to sign in as the bot's user and set a new password, or use the token of a project or group"},
	{"email address is not confirmed", "the address of the bot's user has to be confirmed"},
	{"two-factor", "somebody has to set up two-factor authentication for the bot's user, or use the token of a project or group"},
	{"2FA", "somebody has to set up two-factor authentication for the bot's user, or use the token of a project or group"},
	{"internal users", "the token has to be of another user"},
	{"IP address", "the address from which the bot calls has to be allowed"},
	{"IP is not allowed", "the address from which the bot calls has to be allowed"},
	{"from your IP", "the address from which the bot calls has to be allowed"},
}

// accountHelp is what would help if the words are about the account; "" if they are not.
func accountHelp(words string) string {
	words = strings.ToLower(words)
	for _, w := range accountWords {
		if strings.Contains(words, strings.ToLower(w.part)) {
			return w.help
		}
	}
	return ""
}

// deniedAccountError says that GitLab refuses the bot's account.
func deniedAccountError(text, help string) error {
	return fmt.Errorf("%s: GitLab shuts the bot's account out; %s", text, help)
}

// checkAccount asks GitLab for the token's user, when a refusal may be about the whole account without saying so. If GitLab refuses that as
// well, or cannot answer now, the error it returns is about the account; else it returns the refusal.
func (c *Client) checkAccount(ctx context.Context, k call, a answer, refusal *Error) *Error {
	notGitLab := refusal.Class == Transient && a.status < 500 && !saysJSON(a.header)
	forbidden := refusal.Class == Permanent && a.status == http.StatusForbidden
	if k.name == callUser || !notGitLab && !forbidden {
		return refusal
	}
	_, err := c.tokenUser(ctx, k.token)
	e, failed := errors.AsType[*Error](err)
	if !failed || e.Class != Unavailable && e.Class != Transient {
		return refusal
	}
	whole := c.newError(k, a.status, e.Class, fmt.Errorf("%s, and not for this request alone: %w", statusText(c.redacted(a)), e.Err))
	whole.Denied, whole.RetryAfter = e.Denied, e.RetryAfter
	return whole
}
