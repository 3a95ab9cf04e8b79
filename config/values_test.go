package config_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestValues tries single values. An empty complaint means that the value is fine and printed as shown.
func TestValues(t *testing.T) {
	for _, test := range []struct{ section, key, value, shown, complaint string }{
		{"gitlab", "url", "http://localhost:3000/", `"http://localhost:3000"`, ""},
		{"gitlab", "url", "https://h/gitlab", `"https://h/gitlab"`, ""},
		{"gitlab", "url", "https://h/gitlab/api/v4/", "", "write https://h/gitlab"},
		{"gitlab", "url", "https://h/api", "", "write https://h"},
		{"gitlab", "url", "https://gitlab.com/group/project", "", "write https://gitlab.com"},
		{"gitlab", "url", "ftp://h", "", `the scheme "ftp" is not http or https`},
		{"gitlab", "url", "https://", "", "this is not a URL with a host"},
		{"gitlab", "url", "https://h:70000", "", "bad port"},
		{"gitlab", "url", `"https://h:x"`, "", "this is not a URL"},
		{"gitlab", "url", "https://h/?a=b", "", "query or a fragment"},
		{"gitlab", "url", "h.example", "", "write https://h.example"},
		{"gitlab", "url", `""`, "", "the text is empty"},

		{"gitlab", "rate", "1", "", "allowed: 10 to 100000"},
		{"gitlab", "notes_rate", "0", "", "out of range"},

		{"server", "docs_url", `""`, `""`, ""},
		{"server", "docs_url", "https://docs.example.com/rules/", `"https://docs.example.com/rules"`, ""},
		{"server", "docs_url", "docs.example.com", "", "write https://docs.example.com"},
		{"server", "docs_url", "https://docs.example.com/a;b", "", "may not stand in a link"},
		{"server", "docs_url", "https://docs.example.com/rules#x", "", "query or a fragment"},
		{"server", "url", `""`, `""`, ""},
		{"server", "url", "https://bot.example.com/", `"https://bot.example.com"`, ""},
		{"server", "url", "https://bot.example.com/flow/webhooks/gitlab", "", "write https://bot.example.com/flow"},
		{"server", "url", "bot.example.com", "", "write https://bot.example.com"},
		{"server", "url", "https://u:p@bot.example.com", "", "holds credentials"},
		{"server", "url", "https://bot.example.com/?a", "", "query or a fragment"},
		{"server", "connections", "0", "", "out of range"},
		{"server", "tls_cert", "cert.pem", "", "set server.tls_key or FLOWKEEPER_TLS_KEY"},
		{"server", "tls_key", "key.pem", "", "set server.tls_cert or FLOWKEEPER_TLS_CERT"},
		{"server", "tls_key", "7", "", "a text is wanted"},

		{"inbox", "max", "1e6", "", "not a plain whole number"},
		{"inbox", "spool", "0", "", "out of range"},

		{"server", "listen", "localhost:80", `"localhost:80"`, ""},
		{"server", "listen", ":0", `":0"`, ""},
		{"server", "listen", "1.5", "", "not an address"},
		{"server", "listen", "'a b:80'", "", "not an address"},
		{"server", "listen", "':http'", "", "not a port"},
		{"server", "listen", "'::1:80'", "", "not an address"},

		{"server", "max_body", "67108864", "64MiB", ""},
		{"server", "max_body", "25 mib", "25MiB", ""},
		{"server", "max_body", "1000001B", "1000001", ""},
		{"server", "max_body", "1GB", "", "allowed: 64KiB to 256MiB"},
		{"server", "max_body", "1TB", "", "is not a size"},
		{"server", "max_body", "999999999999999GiB", "", "is not a size"},
		{"server", "max_body", "-1", "", "is not a size"},

		{"inbox", "grace", "1h30m", "1h30m", ""},
		{"inbox", "grace", "1d", "24h", ""},
		{"inbox", "grace", "2d0h", "2d", ""},
		{"inbox", "grace", "90s", "1m30s", ""},
		{"inbox", "grace", "2500ms", "2.5s", ""},
		{"inbox", "grace", "1d-1h", "", "is not a duration"},
		{"inbox", "grace", "5 hours", "", "write 5h"},
		{"inbox", "grace", "2 fortnights", "", "write 90s, 5m, 1h30m or 7d"},
		{"inbox", "grace", "99999999999999999999d", "", "is too long"},
		{"inbox", "grace", "2000000h", "", "is too long"},
		{"inbox", "grace", "-5", "", "has no unit"},
		{"inbox", "grace", `""`, "", "is not a duration"},

		{"inbox", "workers", "0x10", "", "not a plain whole number"},
		{"inbox", "workers", "010", "", "not a plain whole number"},
		{"inbox", "workers", "1_0", "", "not a plain whole number"},

		{"team", "name", "|\n    two\n    lines", "", "on one line"},
		{"team", "name", strings.Repeat("x", 256), "", "longer than 255"},
		{"team", "name", `"a\u001b[31m"`, "", "control characters"},
		{"team", "side", "back-end", "", `did you mean "backend"?`},
		{"team", "side", strings.Repeat("backend", 20), "", "allowed: backend, frontend"},
		{"commands", "prefix", "9lives", "", "begins with a letter"},
		{"commands", "prefix", strings.Repeat("a", 31), "", "at most 30"},
		{"commands", "prefix", "shrug", "", "quick action"},
	} {
		name := test.value
		if len(name) > 30 {
			name = name[:30]
		}
		t.Run(test.key+" "+name, func(t *testing.T) {
			c, err := load(t, fmt.Sprintf("%s:\n  %s: %s\n", test.section, test.key, test.value))
			switch {
			case test.complaint != "":
				if err == nil || !strings.Contains(err.Error(), test.complaint) {
					t.Errorf("got %v\nwant %s", err, test.complaint)
				}
			case err != nil:
				t.Error(err)
			case !strings.Contains(c.String(), "  "+test.key+": "+test.shown+"\n"):
				t.Errorf("not printed as %s:\n%s", test.shown, c)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	for _, test := range []struct{ variable, value, complaint string }{
		{"REDIS_URL", "redis://localhost", ""},
		{"REDIS_URL", "redis://localhost/x", "not the number of a database"},
		{"REDIS_URL", "redis://", "no host"},
		{"REDIS_URL", "unix:///run/redis.sock", "does not begin with redis://"},
		{"GITLAB_TOKEN", "glpat-\x01", "control characters"},
		{"GITLAB_TOKEN", "a,b", "no blanks, commas"},
		{"WEBHOOK_SECRET", "with blank, and another", ""},
		{"WEBHOOK_SECRET", ",", "one of the secrets is empty"},
		{"SIGNING_TOKEN", "whsec_", "not base64"},
		{"SIGNING_TOKEN", "whsec_YWJj\nwhsec_YWJj", "line breaks"},
		{"SIGNING_TOKEN", "whsec_YWJj, whsec_ZGVm", ""},
		{"LOG_LEVEL", " debug ", ""},
		{"LOG_LEVEL", "DEBUG", `did you mean "debug"?`},
		{"DATA_DIR", "   ", ""},
		{"LISTN", ":80", "did you mean FLOWKEEPER_LISTEN?"},
		{"PORT", "tcp://10.0.0.1:80", ""},
	} {
		t.Run(test.variable+" "+test.value, func(t *testing.T) {
			_, err := load(t, "", "FLOWKEEPER_"+test.variable+"="+test.value)
			switch {
			case test.complaint == "" && err != nil:
				t.Error(err)
			case test.complaint != "" && (err == nil || !strings.Contains(err.Error(), "FLOWKEEPER_"+test.variable+": ") || !strings.Contains(err.Error(), test.complaint)):
				t.Errorf("got %v\nwant %s", err, test.complaint)
			}
		})
	}
}
