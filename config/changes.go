package config

import (
	"slices"
	"strings"
)

// Change is a setting that differs between two configurations. It names the setting and never its value.
type Change struct {
	Key     string // as in the file, "inbox.grace", or the variable if only the environment can say it
	Restart bool   // a running bot keeps the old value until it is started again
}

// live are the keys that a running bot takes over, sections with all that is in them.
var live = []string{
	"server.tls_cert", "server.tls_key", "server.docs_url", "inbox.settle", "inbox.grace", "inbox.triage_days", "team", "commands", "labels", "rules",
	"FLOWKEEPER_GITLAB_TOKEN", "FLOWKEEPER_WEBHOOK_SECRET", "FLOWKEEPER_SIGNING_TOKEN",
}

// Changes lists what differs between two configurations, in the order of the reference.
func Changes(before, after Config) []Change {
	old := map[string]string{}
	before.each(func(key, value string) { old[key] = value })
	var found []Change
	after.each(func(key, value string) {
		if old[key] != value {
			found = append(found, Change{Key: key, Restart: !isLive(key)})
		}
	})
	// Certificates may replace each other; HTTP and HTTPS may not.
	if (before.Server.TLSCert == "") != (after.Server.TLSCert == "") {
		for i := range found {
			found[i].Restart = found[i].Restart || strings.HasPrefix(found[i].Key, "server.tls_")
		}
	}
	return found
}

// isLive reports whether a running bot takes a key over.
func isLive(key string) bool {
	return slices.ContainsFunc(live, func(l string) bool { return key == l || strings.HasPrefix(key, l+".") })
}

// each visits every setting with its value, secrets as they are: only to be compared.
func (c Config) each(visit func(key, value string)) {
	schema(&c).each("", visit)
	visit("FLOWKEEPER_GITLAB_TOKEN", c.GitLab.Token.Reveal())
	visit("FLOWKEEPER_WEBHOOK_SECRET", revealed(c.Server.WebhookSecrets))
	visit("FLOWKEEPER_SIGNING_TOKEN", revealed(c.Server.SigningTokens))
	visit("FLOWKEEPER_REDIS_URL", c.Inbox.RedisURL.Reveal())
	visit("FLOWKEEPER_DATA_DIR", c.Inbox.DataDir)
	visit("FLOWKEEPER_LOG_LEVEL", c.Log.Level)
	visit("FLOWKEEPER_LOG_FORMAT", c.Log.Format)
}

// each visits every key below the section.
func (s section) each(path string, visit func(key, value string)) {
	for _, k := range s.keys {
		if inner, nested := k.kind.(section); nested {
			inner.each(under(path, k.name), visit)
			continue
		}
		visit(under(path, k.name), k.kind.text())
	}
}

// revealed is several secrets as one text; none of them holds a comma.
func revealed(secrets []Secret) string {
	plain := make([]string, len(secrets))
	for i, s := range secrets {
		plain[i] = s.Reveal()
	}
	return strings.Join(plain, ",")
}
