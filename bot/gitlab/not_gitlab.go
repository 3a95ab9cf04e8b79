package gitlab

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ErrNoGitLab says that something answers, and that it is no GitLab.
var ErrNoGitLab = errors.New("there is no GitLab at this address; is a sub-path missing in the GitLab URL, as in https://example.com/gitlab?")

// notGitLabError is the error for an answer that GitLab's API cannot have given: a proxy's error page, a login page, a wrong address.
// It must not count as "the issue does not exist".
func notGitLabError(a answer) error {
	kind := a.header.Get("Content-Type")
	if kind == "" {
		kind = "nothing readable"
	}
	help := "check the GitLab URL and the proxies on the way"
	switch said := string(a.body); {
	case strings.Contains(said, "HTTP request was sent to HTTPS port"), strings.Contains(said, "HTTP request to an HTTPS server"):
		help = "this port speaks HTTPS: write https:// in the GitLab URL"
	case a.status == http.StatusNotFound:
		help += ": is a sub-path missing?"
	}
	return fmt.Errorf("status %d with %s instead of JSON: something else answers in the place of GitLab's API; %s", a.status, truncate(kind), help)
}

// notGitLabClass is the class of such an answer. A refused read would be refused for every issue. A write may be refused by a filter because of
// its text, which would stay so for ever.
func notGitLabClass(method string) Class {
	if method == http.MethodGet {
		return Unavailable
	}
	return Transient
}

// redirectError is the error for a redirect.
func redirectError(h http.Header) error {
	to := redirectTarget(h)
	for _, word := range []string{"sign_in", "login", "signin", "oauth", "saml", "sso"} {
		if strings.Contains(strings.ToLower(to), word) {
			return fmt.Errorf("redirects to a login page, %s; what stands in front of GitLab has to let the bot through to /api/v4 with its token alone", to)
		}
	}
	return fmt.Errorf("redirects to %s, which are not followed; set the GitLab URL to the address that answers itself", to)
}

// redirectTarget is where a redirect leads, without its query, in which a login page may carry secrets.
func redirectTarget(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || h.Get("Location") == "" {
		return "an address that cannot be read"
	}
	return truncate((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

// connectionHelp says what would help when no connection could be made; "" if that is not known.
func connectionHelp(err error) string {
	text := err.Error()
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &authority):
		return "; if it is the certificate of an authority of your own, name its file in SSL_CERT_FILE"
	case strings.Contains(text, "server gave HTTP response to HTTPS client"), strings.Contains(text, "first record does not look like a TLS handshake"):
		return "; this port speaks plain HTTP: write http:// in the GitLab URL, or the port for HTTPS"
	case strings.Contains(text, `malformed HTTP response "\x15\x03`):
		return "; this port speaks HTTPS: write https:// in the GitLab URL"
	}
	return ""
}
