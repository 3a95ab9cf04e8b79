package config

import "strings"

// Change is a setting that differs between two configurations. It names the setting and never its value.
type Change struct {
	Key     string // as in the file, "inbox.grace", or the variable if only the environment can say it
	Restart bool   // a running bot keeps the old value until it is started again
}

// Changes lists what differs between two configurations, in the order of the reference.
func Changes(before, after Config) []Change {
	old := map[string]string{}
	schema(&before).each(func(path string, k key) { old[path] = k.kind.plain() })
	var found []Change
	schema(&after).each(func(path string, k key) {
		if old[path] != k.kind.plain() {
			found = append(found, Change{Key: path, Restart: !k.reloadable})
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
