package schedule

import (
	"net/url"
	"strings"

	"go.uber.org/zap"
)

// addresses are where the bot's own webhooks lead. Everything else is somebody else's.
type addresses []*url.URL

// newAddresses reads full addresses and paths. What is neither belongs to nobody and is logged.
func newAddresses(texts []string, log *zap.Logger) addresses {
	var all addresses
	for _, text := range texts {
		u, err := url.Parse(text)
		if err != nil || pathOf(u) == "" || (u.Host == "") != (u.Scheme == "") || !strings.HasPrefix(u.Path, "/") {
			log.Warn("an address of the bot is not used: it should look like https://bot.example.com/webhooks/gitlab or /webhooks/gitlab",
				zap.String("address", shown(u)))
			continue
		}
		all = append(all, u)
	}
	return all
}

// shown is an address for the log, without its password.
func shown(u *url.URL) string {
	if u == nil {
		return "unreadable"
	}
	return u.Redacted()
}

// include reports whether a webhook's address is one of ours. A full one must have the same host, port and path; a path must be the end
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

// hostOf is the host and the port, also where the port goes without saying. Behind a proxy that port says nothing, so the two that go
// without saying are one.
func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "80" || port == "443" {
		port = ""
	}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) + ":" + port
}
