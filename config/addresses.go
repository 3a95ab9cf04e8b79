package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// baseURL is the address of a GitLab.
func baseURL(field *string) one[string] {
	return one[string]{field: field, want: "a URL such as https://gitlab.com", format: yamlText, parse: parseBaseURL}
}

// parseBaseURL takes a base URL and drops slashes at its end. It never shows the credentials of a URL.
func parseBaseURL(lit literal) (string, *flaw) {
	const hint = "write the base URL, such as https://gitlab.com"
	s, f := line(lit)
	if f != nil {
		return "", f
	}
	u, err := url.Parse(s)
	switch {
	case !strings.Contains(s, "://") && !strings.HasPrefix(s, "/"):
		return "", flawf("write "+maskText("https://"+s), "the URL has no scheme")
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "", flawf(hint, "this is not a URL with a host")
	case u.Scheme != "https" && u.Scheme != "http":
		return "", flawf(hint, "the scheme %s is not http or https", quote(u.Scheme))
	case u.User != nil:
		return "", flawf("remove them and set FLOWKEEPER_GITLAB_TOKEN", "the URL holds credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", flawf(hint, "the URL has a query or a fragment")
	case !goodPort(u.Port()):
		return "", flawf("allowed: 1 to 65535", "the URL has a bad port")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	root, _, api := strings.Cut(u.Path, "/api/")
	if !api && strings.HasSuffix(u.Path, "/api") {
		root, api = strings.TrimSuffix(u.Path, "/api"), true
	}
	if api {
		return "", flawf("write "+u.Scheme+"://"+u.Host+root, "the URL has the path of the API, the base URL is wanted")
	}
	if strings.EqualFold(u.Hostname(), "gitlab.com") && u.Path != "" {
		return "", flawf("write "+u.Scheme+"://"+u.Host, "the URL has the path of a page, the base URL is wanted")
	}
	return u.String(), nil
}

// goodPort reports whether the port of a URL is absent or one to connect to.
func goodPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n >= 1 && n <= 65535
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)

// listenAddress is where the bot listens.
func listenAddress(field *string) one[string] {
	return one[string]{field: field, want: `an address such as ":8080"`, format: yamlText, parse: parseListenAddress}
}

func parseListenAddress(lit literal) (string, *flaw) {
	const hint = `write ":8080" for all addresses or "127.0.0.1:8080" for one`
	s := lit.text
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 65535 {
		return "", flawf(`write ":`+s+`"`, "%s is a port, an address is wanted", s)
	}
	if lit.typ != isText {
		return "", flawf(hint, "%s is not an address to listen on", quote(s))
	}
	if strings.Contains(s, "://") {
		return "", flawf(hint, "%s is a URL, an address to listen on is wanted", quote(s))
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || host != "" && net.ParseIP(host) == nil && !hostForm.MatchString(host) {
		return "", flawf(hint, "%s is not an address to listen on", quote(s))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 || strconv.Itoa(n) != port {
		return "", flawf("allowed: 0 to 65535", "%s is not a port", quote(port))
	}
	return s, nil
}

// redisURL is where Redis is. The URL may hold a password and is never shown.
func redisURL(field *Secret) one[Secret] {
	return one[Secret]{field: field, parse: func(lit literal) (Secret, *flaw) {
		const hint = "write redis://host:6379/0 or rediss://host:6379/0"
		u, err := url.Parse(lit.text)
		switch {
		case err != nil:
			return Secret{}, flawf(hint+"; a password with special characters must be percent-encoded", "this is not a URL")
		case u.Scheme != "redis" && u.Scheme != "rediss":
			return Secret{}, flawf(hint, "the URL does not begin with redis:// or rediss://")
		case u.Hostname() == "" || !goodPort(u.Port()):
			return Secret{}, flawf(hint, "the URL has no host or a bad port")
		}
		if db := strings.Trim(u.Path, "/"); db != "" {
			if n, err := strconv.Atoi(db); err != nil || n < 0 {
				return Secret{}, flawf(hint, "the path of the URL is not the number of a database")
			}
		}
		return NewSecret(lit.text), nil
	}}
}

// shownRedisURL is what may be shown of the URL: where it leads, not as whom.
func shownRedisURL(s Secret) string {
	u, err := url.Parse(s.Reveal())
	if err != nil {
		return hidden
	}
	who := ""
	if u.User != nil {
		who = hidden + "@"
	}
	return u.Scheme + "://" + who + u.Host + u.Path
}
