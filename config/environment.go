package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"flowkeeper/config/document"
	"flowkeeper/rules/triage"
)

const (
	variablePrefix     = "FLOWKEEPER_"
	configVariable     = "FLOWKEEPER_CONFIG"
	adminTokenVariable = "FLOWKEEPER_ADMIN_TOKEN"
	fileSuffix         = "_FILE"  // of a variable that names a file with the value of another
	maxSecretFile      = 64 << 10 // bytes
)

// setter is a kind of value that a variable can give.
type setter interface{ set(literal) *diagnostic }

// variables are the names under which the environment may give the key's value.
func (k key) variables() []string {
	switch {
	case k.variable == "":
		return nil
	case k.orFile:
		return []string{k.variable, k.variable + fileSuffix}
	}
	return []string{k.variable}
}

// environment is the variables of the bot that are set, and the secrets found, which must not appear in any message.
type environment struct {
	values  map[string]string
	secrets []string
}

// newEnvironment picks the bot's variables out of a list in the form of os.Environ. Of several the last counts, as for Go itself.
func newEnvironment(environ []string) *environment {
	e := &environment{values: map[string]string{}}
	for _, assignment := range environ {
		name, value, _ := strings.Cut(assignment, "=")
		if strings.HasPrefix(name, variablePrefix) {
			e.values[name] = value
		}
	}
	return e
}

// read reads all variables into the configuration and reports what is wrong with them.
func (e *environment) read(r *reader) {
	known := []string{configVariable}
	r.schema.each(func(path string, k key) {
		known = append(known, k.variables()...)
		if k.variable != "" {
			e.readOne(r, path, k)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		if !slices.Contains(known, name) && !setByOrchestrator(name, e.values[name]) {
			r.reportVariable(name, diagnosticf(suggestVariable(name, known), "there is no such variable"))
		}
	}
}

// suggestVariable is the hint for a variable that does not exist. The common prefix would make all names alike, so it is left out.
func suggestVariable(name string, known []string) string {
	rests := make([]string, len(known))
	for i, k := range known {
		rests[i] = strings.TrimPrefix(k, variablePrefix)
	}
	if near := triage.Nearest(strings.TrimPrefix(name, variablePrefix), rests); near != "" {
		return "did you mean " + variablePrefix + near + "?"
	}
	return "the variables are " + joinWords(known)
}

// readOne reads the variable of a key into the configuration.
func (e *environment) readOne(r *reader, path string, k key) {
	name, value := k.variable, strings.TrimSpace(e.values[k.variable])
	if k.orFile {
		var f *diagnostic
		if name, value, f = e.valueOrFile(k.variable); f != nil {
			r.reportVariable(name, f)
			return
		}
		e.secrets = append(e.secrets, value)
		e.secrets = append(e.secrets, strings.FieldsFunc(value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })...)
	}
	if value == "" {
		return
	}
	f := k.kind.(setter).set(literal{text: value})
	if f != nil {
		r.reportVariable(name, f)
	}
	r.origin[path] = origin{variable: name, bad: f != nil}
}

// valueOrFile is the value of a variable, or the content of the file that the variable with the suffix _FILE names; from is the one that was set.
func (e *environment) valueOrFile(name string) (from, value string, f *diagnostic) {
	twin := name + fileSuffix
	value, path := strings.TrimSpace(e.values[name]), strings.TrimSpace(e.values[twin])
	switch {
	case path == "":
		return name, value, nil
	case value != "":
		e.secrets = append(e.secrets, value)
		return name, "", diagnosticf("keep one of them", "%s is set too", twin)
	}
	if !isClearlyPath(path) {
		e.secrets = append(e.secrets, path)
	}
	content, err := document.ReadFile(path, maxSecretFile)
	switch {
	case err != nil && !isClearlyPath(path):
		return twin, "", diagnosticf("write the path of a file, beginning with / or ./", "its value, not shown in case it is the secret itself, names no file that can be read")
	case errors.Is(err, document.ErrNoFile) && slices.Contains(madeBySetup, name):
		return twin, "", diagnosticf("flowkeeper setup makes it", "reading %s: %v", quote(path), err)
	case err != nil:
		return twin, "", diagnosticf("", "reading %s: %v", quote(path), err)
	case len(content) > maxSecretFile:
		return twin, "", diagnosticf("is this the right file?", "%s is larger than 64 KiB", quote(path))
	case strings.TrimSpace(string(content)) == "":
		return twin, "", diagnosticf("", "%s is empty", quote(path))
	}
	return twin, strings.TrimSpace(string(content)), nil
}

// madeBySetup are the variables whose files need not be there before the first setup.
var madeBySetup = []string{"FLOWKEEPER_WEBHOOK_SECRET", "FLOWKEEPER_SIGNING_TOKEN"}

// isClearlyPath reports whether a value is clearly a path. People sometimes put the secret itself there, which a message must not show.
func isClearlyPath(path string) bool {
	return filepath.IsAbs(path) || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../")
}

var (
	serviceName = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$`)
	servicePort = regexp.MustCompile(`_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)
	linkValue   = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// setByOrchestrator reports whether Kubernetes or Docker set the variable: a service named flowkeeper, or flowkeeper-redis, leaves
// FLOWKEEPER_SERVICE_HOST, FLOWKEEPER_PORT=tcp://… and more of the kind in every container beside it.
func setByOrchestrator(name, value string) bool {
	if serviceName.MatchString(name) {
		return true
	}
	numbered := strings.Contains(name, "_TCP") || strings.Contains(name, "_UDP") || strings.Contains(name, "_SCTP")
	return servicePort.MatchString(name) && (numbered || linkValue.MatchString(value))
}

// shortestSecret keeps redact from replacing parts of ordinary words.
const shortestSecret = 6

// redact removes all secrets from problems that are to be printed.
func (e *environment) redact(ps Problems) Problems {
	slices.SortFunc(e.secrets, func(a, b string) int { return len(b) - len(a) })
	for i := range ps {
		p := &ps[i]
		for _, secret := range e.secrets {
			if len(secret) < shortestSecret {
				continue
			}
			for _, s := range []*string{&p.File, &p.Path, &p.Message, &p.Hint, &p.Excerpt} {
				*s = strings.ReplaceAll(*s, secret, hidden)
			}
		}
	}
	return ps
}

// parseSecretText reads a secret that is one printable word. What is wrong with it is said without showing it.
func parseSecretText(lit literal) (Secret, *diagnostic) {
	switch {
	case lit.text == "":
		return Secret{}, diagnosticf("separate several with single commas", "one of the secrets is empty")
	case strings.ContainsFunc(lit.text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return Secret{}, diagnosticf("separate several with commas", "the secret has line breaks or control characters")
	}
	return NewSecret(lit.text), nil
}

func parseAccessToken(lit literal) (Secret, *diagnostic) {
	s, f := parseSecretText(lit)
	if f == nil && strings.ContainsFunc(lit.text, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }) {
		return Secret{}, diagnosticf("write one token and nothing else", "an access token has no blanks, commas or letters beyond ASCII")
	}
	return s, f
}

// signingMark is how GitLab's signing tokens begin.
const signingMark = "whsec_"

// AdminToken is the admin token of an environment in the form of os.Environ, unset if there is none: for who asks a running bot and needs
// nothing else of the configuration.
func AdminToken(environ []string) (Secret, error) {
	name, value, f := newEnvironment(environ).valueOrFile(adminTokenVariable)
	if f != nil {
		return Secret{}, fmt.Errorf("%s: %s", name, f.Message)
	}
	return NewSecret(value), nil
}

// parseAdminToken reads a token that nobody guesses.
func parseAdminToken(lit literal) (Secret, *diagnostic) {
	const least = 16
	s, f := parseSecretText(lit)
	if f == nil && len(s.Reveal()) < least {
		f = diagnosticf("make one, as with openssl rand -hex 24", "the token has fewer than %d characters", least)
	}
	return s, f
}

func parseWebhookSecret(lit literal) (Secret, *diagnostic) {
	if strings.HasPrefix(lit.text, signingMark) {
		return Secret{}, diagnosticf("set FLOWKEEPER_SIGNING_TOKEN instead", "this is a signing token")
	}
	return parseSecretText(lit)
}

func parseSigningToken(lit literal) (Secret, *diagnostic) {
	s, f := parseSecretText(lit)
	if f != nil {
		return Secret{}, f
	}
	encoded, marked := strings.CutPrefix(lit.text, signingMark)
	if !marked {
		return Secret{}, diagnosticf("a plain secret token belongs in FLOWKEEPER_WEBHOOK_SECRET", "a signing token begins with %s", signingMark)
	}
	if key, err := base64.StdEncoding.Strict().DecodeString(encoded); err != nil || len(key) == 0 {
		return Secret{}, diagnosticf("copy it from GitLab again", "what follows %s is not base64", signingMark)
	}
	return s, nil
}
