package schedule

import (
	"net/url"
	"strings"

	"go.uber.org/zap"
)

// addresses are the addresses of the bot's own webhooks.
type addresses []*url.URL

// newAddresses parses full addresses and paths. What is neither is logged and left out.
func newAddresses(texts []string, log *zap.Logger) addresses {
	var all addresses
	for _, text := range texts {
		u, err := url.Parse(text)
		if err != nil || pathOf(u) == "" || (u.Host == "") != (u.Scheme == "") || !strings.HasPrefix(u.Path, "/") {
			log.Warn("an address of the bot is not used: it should look like https://bot.example.com/webhooks/gitlab or /webhooks/gitlab",
				zap.String("address", redactedURL(u)))
			continue
		}
		all = append(all, u)
	}
	return all
}

// redactedURL is an address for the log, without its password.
func redactedURL(u *url.URL) string {
	if u == nil {
		return "unreadable"
	}
	return u.Redacted()
}

// include reports whether a webhook's address is one of the bot's. A full one must have the same host, port and path; a path must be the end
// of the webhook's, whatever its host. The scheme and the query do not matter: the bot looks at neither.
func (a addresses) include(hook string) bool {
	u, err := url.Parse(hook)
	if err != nil || u.Host == "" {
		return false
	}
	for _, own := range a {
		switch {
		case own.Host == "" && strings.HasSuffix(pathOf(u), pathOf(own)),
			own.Host != "" && hostOf(u) == hostOf(own) && pathOf(u) == pathOf(own):
			return true
		}
	}
	return false
}

// pathOf is the path without a slash at its end.
func pathOf(u *url.URL) string { return strings.TrimRight(u.Path, "/") }

// hostOf is the host and the port. The default ports 80 and 443 count as the same, because behind a proxy the scheme may differ.
func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "80" || port == "443" {
		port = ""
	}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) + ":" + port
}
