package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// baseURLValue is the address of a GitLab.
func baseURLValue(field *string, standard string) scalar[string] {
	return scalar[string]{field: field, standard: standard, want: "a URL such as https://gitlab.com", form: urlShape, format: yamlText, parse: parseBaseURL}
}

// parseBaseURL reads the base URL of a GitLab.
func parseBaseURL(lit literal) (string, *diagnostic) {
	u, f := parseWebURL(lit, "write the base URL, such as https://gitlab.com", "remove them and set FLOWKEEPER_GITLAB_TOKEN")
	if f != nil {
		return "", f
	}
	root, _, api := strings.Cut(u.Path, "/api/")
	if !api && strings.HasSuffix(u.Path, "/api") {
		root, api = strings.TrimSuffix(u.Path, "/api"), true
	}
	if api {
		return "", diagnosticf("write "+u.Scheme+"://"+u.Host+root, "the URL has the path of the API, the base URL is wanted")
	}
	if strings.EqualFold(u.Hostname(), "gitlab.com") && u.Path != "" {
		return "", diagnosticf("write "+u.Scheme+"://"+u.Host, "the URL has the path of a page, the base URL is wanted")
	}
	return u.String(), nil
}

// webhookPath is where the bot receives webhooks below its base URL.
const webhookPath = "/webhooks/gitlab"

// publicURLValue is where GitLab finds the bot, or empty.
func publicURLValue(field *string) scalar[string] {
	return scalar[string]{
		field: field, want: "a URL such as https://flowkeeper.example.com", form: urlShape, format: yamlText,
		parse: func(lit literal) (string, *diagnostic) {
			if lit.typ == isText && lit.text == "" {
				return "", nil
			}
			u, f := parseWebURL(lit, "write the base URL, such as https://flowkeeper.example.com", "remove them")
			if f != nil {
				return "", f
			}
			if base, hook := strings.CutSuffix(u.Path, webhookPath); hook {
				return "", diagnosticf("write "+u.Scheme+"://"+u.Host+base, "the URL has the path of the webhooks, the base URL is wanted")
			}
			return u.String(), nil
		},
	}
}

// pageURLValue is the address of a page that links lead to, or empty.
func pageURLValue(field *string, example string) scalar[string] {
	return scalar[string]{
		field: field, want: "a URL such as " + example, form: urlShape, format: yamlText,
		parse: func(lit literal) (string, *diagnostic) {
			if lit.typ == isText && lit.text == "" {
				return "", nil
			}
			hint := "write the address of the page, such as " + example
			u, f := parseWebURL(lit, hint, "remove them")
			if f != nil {
				return "", f
			}
			if !linkForm.MatchString(u.String()) {
				return "", diagnosticf(hint, "the URL holds what may not stand in a link")
			}
			return u.String(), nil
		},
	}
}

// linkForm is an address that can stand in a link of Markdown.
var linkForm = regexp.MustCompile(`^https?://[0-9A-Za-z._~:/%-]+$`)

// parseWebURL reads a URL of the web without more than an address, and drops slashes at its end. It never shows the credentials of a URL.
func parseWebURL(lit literal, hint, credentials string) (*url.URL, *diagnostic) {
	s, f := parseTextLine(lit)
	if f != nil {
		return nil, f
	}
	u, err := url.Parse(s)
	switch {
	case !strings.Contains(s, "://") && !strings.HasPrefix(s, "/"):
		return nil, diagnosticf("write "+maskText("https://"+s), "the URL has no scheme")
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, diagnosticf(hint, "this is not a URL with a host")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, diagnosticf(hint, "the scheme %s is not http or https", quote(u.Scheme))
	case u.User != nil:
		return nil, diagnosticf(credentials, "the URL holds credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, diagnosticf(hint, "the URL has a query or a fragment")
	case !validPort(u.Port()):
		return nil, diagnosticf("allowed: 1 to 65535", "the URL has a bad port")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// pemFileValue is the path of a file, or empty. The file is read when the bot starts.
func pemFileValue(field *string) scalar[string] {
	return optionalValue(field, "the path of a file", parseTextLine)
}

// validPort reports whether the port of a URL is absent or one to connect to.
func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n >= 1 && n <= 65535
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)

// parseHostName is the name of a host, without a port.
func parseHostName(lit literal) (string, *diagnostic) {
	if !hostForm.MatchString(lit.text) {
		return "", diagnosticf("write names without scheme and port, such as flowkeeper", "%s is not the name of a host", quote(lit.text))
	}
	return lit.text, nil
}

// listenAddressValue is where the bot listens.
func listenAddressValue(field *string, standard string) scalar[string] {
	return scalar[string]{field: field, standard: standard, want: `an address such as ":8080"`, form: listenShape, format: yamlText, parse: parseListenAddress}
}

func parseListenAddress(lit literal) (string, *diagnostic) {
	const hint = `write ":8080" for all addresses or "127.0.0.1:8080" for one`
	s := lit.text
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 65535 {
		return "", diagnosticf(`write ":`+s+`"`, "%s is a port, an address is wanted", s)
	}
	if lit.typ != isText {
		return "", diagnosticf(hint, "%s is not an address to listen on", quote(s))
	}
	if strings.Contains(s, "://") {
		return "", diagnosticf(hint, "%s is a URL, an address to listen on is wanted", quote(s))
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || host != "" && net.ParseIP(host) == nil && !hostForm.MatchString(host) {
		return "", diagnosticf(hint, "%s is not an address to listen on", quote(s))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 || strconv.Itoa(n) != port {
		return "", diagnosticf("allowed: 0 to 65535", "%s is not a port", quote(port))
	}
	return s, nil
}

// redisURLValue is where Redis is. The URL may hold a password and is never shown.
func redisURLValue(field *Secret) scalar[Secret] {
	return scalar[Secret]{field: field, format: redactedRedisURL, parse: func(lit literal) (Secret, *diagnostic) {
		const hint = "write redis://host:6379/0 or rediss://host:6379/0"
		u, err := url.Parse(lit.text)
		switch {
		case err != nil:
			return Secret{}, diagnosticf(hint+"; a password with special characters must be percent-encoded", "this is not a URL")
		case u.Scheme != "redis" && u.Scheme != "rediss":
			return Secret{}, diagnosticf(hint, "the URL does not begin with redis:// or rediss://")
		case u.Hostname() == "" || !validPort(u.Port()):
			return Secret{}, diagnosticf(hint, "the URL has no host or a bad port")
		}
		if db := strings.Trim(u.Path, "/"); db != "" {
			if n, err := strconv.Atoi(db); err != nil || n < 0 {
				return Secret{}, diagnosticf(hint, "the path of the URL is not the number of a database")
			}
		}
		return NewSecret(lit.text), nil
	}}
}

// redactedRedisURL is what may be shown of the URL: where it leads, not as whom.
func redactedRedisURL(s Secret) string {
	if !s.IsSet() {
		return "not set, the inbox is embedded"
	}
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
