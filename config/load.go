package config

import (
	"errors"

	"flowkeeper/config/document"
	"flowkeeper/rules/triage"
)

// DefaultPath is the file that is read if none is named and it exists.
const DefaultPath = "flowkeeper.yaml"

// Load reads the configuration from a file and the environment. The file is path, else the one that FLOWKEEPER_CONFIG names, else
// flowkeeper.yaml if there is one, else none, which means the handbook's policy in shadow. environ has the form of os.Environ; variables beat
// the file and empty ones count as not set. Rules are checked against the catalogue.
//
// The error, if any, is of type Problems and names everything that is wrong in both. No error or message holds a secret.
func Load(path string, environ []string, catalogue []triage.Rule) (Config, error) {
	env := newEnvironment(environ)
	name, source, bad := openFile(path, env)
	return read(name, source, bad, env, catalogue)
}

// Check reports what is wrong with the content of a configuration file that is not written yet, without an environment; nil if nothing is. The
// error is of type Problems.
func Check(name string, source []byte, catalogue []triage.Rule) error {
	_, err := read(name, source, nil, newEnvironment(nil), catalogue)
	return err
}

// read reads the content of a file, unless opening it has failed, and the environment.
func read(name string, source []byte, bad *Problem, env *environment, catalogue []triage.Rule) (Config, error) {
	c := Default(catalogue)
	r := &reader{schema: schema(&c), origin: map[string]origin{}}
	if bad == nil && source != nil {
		c.File = name
	}
	if bad == nil {
		r.doc, bad = document.Parse(name, source)
	} else {
		r.doc = &document.Document{Name: name}
	}
	if bad != nil {
		r.problems = append(r.problems, *bad)
	} else if r.doc.Root != nil {
		r.schema.read(r, "", r.doc.Root)
	}
	env.read(r)
	r.readPolicies(&c)
	r.capModes(&c)
	r.completeScales(&c)
	r.crossCheck(&c)

	if len(r.problems) > 0 {
		return Config{}, env.redact(r.problems.Sorted())
	}
	return c, nil
}

// openFile finds and reads the file. Its absence is a problem only if somebody named it.
func openFile(path string, env *environment) (name string, source []byte, bad *Problem) {
	named, hint := path != "", ""
	if path == "" {
		if path = env.values[configVariable]; path != "" {
			named, hint = true, "FLOWKEEPER_CONFIG names it"
		} else {
			path = DefaultPath
		}
	}
	source, err := document.ReadFile(path, document.MaxSize)
	switch {
	case err == nil:
		return path, source, nil
	case !named && errors.Is(err, document.ErrNoFile):
		return path, nil, nil
	default:
		return path, nil, &Problem{File: maskText(path), Message: err.Error(), Hint: hint}
	}
}

// crossCheck checks what depends on several keys. Keys that are wrong by themselves are left out.
func (r *reader) crossCheck(c *Config) {
	if c.Inbox.Settle > c.Inbox.Grace {
		r.reportConflict(diagnosticf("settle may be at most as long as grace", "settle (%s) is longer than grace (%s)",
			formatDuration(c.Inbox.Settle), formatDuration(c.Inbox.Grace)), "inbox.settle", "inbox.grace")
	}
	if c.Schedule.Lookback < c.Schedule.Sweep {
		r.reportConflict(diagnosticf("lookback has to be at least as long as sweep", "lookback (%s) is shorter than sweep (%s), events between would be missed",
			formatDuration(c.Schedule.Lookback), formatDuration(c.Schedule.Sweep)), "schedule.lookback", "schedule.sweep")
	}
	if c.Team.Scope == ScopeLabelled && c.Team.GroupLabel == "" {
		r.reportConflict(diagnosticf("set team.group_label", "with the scope labelled there has to be a group label"), "team.scope", "team.group_label")
	}
	r.crossCheckLabels(c)
	r.crossCheckWorkflow(c)
	r.crossCheckScales(c)
	r.crossCheckReports(c)
	if other := otherGroup(c.Team); other != "" {
		r.reportConflict(diagnosticf("put the group label into team.labels in its place", "team.labels adds %s to every issue, which makes it another group's than %s",
			quote(other), quote(c.Team.GroupLabel)), "team.group_label", "team.labels")
	}
	switch {
	case c.Server.TLSCert != "" && c.Server.TLSKey == "":
		r.reportConflict(diagnosticf("set server.tls_key or FLOWKEEPER_TLS_KEY to the file of its private key", "there is a certificate without a key"), "server.tls_cert", "server.tls_key")
	case c.Server.TLSKey != "" && c.Server.TLSCert == "":
		r.reportConflict(diagnosticf("set server.tls_cert or FLOWKEEPER_TLS_CERT to the file of the certificate", "there is a key without a certificate"), "server.tls_key", "server.tls_cert")
	}
	if c.Server.Listen == c.Server.Admin && !endsInPortZero(c.Server.Listen) {
		r.reportConflict(diagnosticf("choose another port for one of them", "webhooks and administration listen on the same address, %s", c.Server.Listen),
			"server.admin", "server.listen")
	}
}

// otherGroup is a label among team.labels that would make every issue another group's, "" if there is none.
func otherGroup(t Team) string {
	scope := triage.Scope(t.GroupLabel)
	for _, l := range t.Labels {
		if scope != "" && triage.Scope(l) == scope && l != t.GroupLabel {
			return l
		}
	}
	return ""
}

// endsInPortZero reports whether an address leaves the port to the system, which then gives each listener its own.
func endsInPortZero(address string) bool { return len(address) > 1 && address[len(address)-2:] == ":0" }

// reportConflict reports a diagnostic between two keys at the first of them that somebody has set.
func (r *reader) reportConflict(f *diagnostic, paths ...string) {
	for _, path := range paths {
		if r.origin[path].bad {
			return
		}
	}
	for _, path := range paths {
		from, set := r.origin[path]
		switch {
		case set && from.variable != "":
			r.reportVariable(from.variable, f)
			return
		case set:
			r.reportAt(path, from.spot, f)
			return
		}
	}
}
