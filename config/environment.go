package config

import (
	"encoding/base64"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"flowkeeper/rules/triage"
)

const (
	variablePrefix = "FLOWKEEPER_"
	configVariable = "FLOWKEEPER_CONFIG"
	fileSuffix     = "_FILE"  // of a variable that names a file with the value of another
	maxSecretFile  = 64 << 10 // bytes
)

// setter is a kind of value that a variable can give.
type setter interface{ set(literal) *flaw }

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
	values map[string]string
	hush   []string
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

// read takes all variables into the configuration and reports what is wrong with them.
func (e *environment) read(r *reader) {
	known := []string{configVariable}
	r.schema.each(func(path string, k key) {
		known = append(known, k.variables()...)
		if k.variable != "" {
			e.readOne(r, path, k)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		if !slices.Contains(known, name) && !orchestrated(name, e.values[name]) {
			r.reportVariable(name, flawf(suggestVariable(name, known), "there is no such variable"))
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
	return "the variables are " + listed(known)
}

// readOne takes the variable of a key into the configuration.
func (e *environment) readOne(r *reader, path string, k key) {
	name, value := k.variable, strings.TrimSpace(e.values[k.variable])
	if k.orFile {
		var f *flaw
		if name, value, f = e.valueOrFile(k.variable); f != nil {
			r.reportVariable(name, f)
			return
		}
		e.hush = append(e.hush, value)
		e.hush = append(e.hush, strings.FieldsFunc(value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })...)
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

// valueOrFile is the value of a variable or the content of the file that its …_FILE twin names, and which of the two it was.
func (e *environment) valueOrFile(name string) (from, value string, f *flaw) {
	twin := name + fileSuffix
	value, path := strings.TrimSpace(e.values[name]), strings.TrimSpace(e.values[twin])
	switch {
	case path == "":
		return name, value, nil
	case value != "":
		e.hush = append(e.hush, value)
		return name, "", flawf("keep one of them", "%s is set too", twin)
	}
	if !shownPath(path) {
		e.hush = append(e.hush, path)
	}
	content, err := readBounded(path, maxSecretFile)
	switch {
	case err != nil && !shownPath(path):
		return twin, "", flawf("write the path of a file, beginning with / or ./", "its value, not shown in case it is the secret itself, names no file that can be read")
	case err != nil:
		return twin, "", flawf("", "reading %s: %v", quote(path), err)
	case len(content) > maxSecretFile:
		return twin, "", flawf("is this the right file?", "%s is larger than 64 KiB", quote(path))
	case strings.TrimSpace(string(content)) == "":
		return twin, "", flawf("", "%s is empty", quote(path))
	}
	return twin, strings.TrimSpace(string(content)), nil
}

// shownPath reports whether a value is clearly a path. People put the secret itself there, which a message must not repeat.
func shownPath(path string) bool {
	return filepath.IsAbs(path) || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../")
}

var (
	serviceName = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$`)
	servicePort = regexp.MustCompile(`_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)
	linkValue   = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// orchestrated reports whether Kubernetes or Docker made the variable: a service named flowkeeper, or flowkeeper-redis, leaves
// FLOWKEEPER_SERVICE_HOST, FLOWKEEPER_PORT=tcp://… and more of the kind in every container beside it.
func orchestrated(name, value string) bool {
	if serviceName.MatchString(name) {
		return true
	}
	numbered := strings.Contains(name, "_TCP") || strings.Contains(name, "_UDP") || strings.Contains(name, "_SCTP")
	return servicePort.MatchString(name) && (numbered || linkValue.MatchString(value))
}

// shortestHush keeps the scrubbing of messages from tearing ordinary words apart.
const shortestHush = 6

// scrub takes secrets out of what is to be printed, wherever they came from.
func (e *environment) scrub(ps Problems) Problems {
	slices.SortFunc(e.hush, func(a, b string) int { return len(b) - len(a) })
	for i := range ps {
		p := &ps[i]
		for _, secret := range e.hush {
			if len(secret) < shortestHush {
				continue
			}
			for _, s := range []*string{&p.File, &p.Path, &p.Message, &p.Hint, &p.Excerpt} {
				*s = strings.ReplaceAll(*s, secret, hidden)
			}
		}
	}
	return ps
}

// secretText takes a secret that is one printable word. What is wrong with it is said without showing it.
func secretText(lit literal) (Secret, *flaw) {
	switch {
	case lit.text == "":
		return Secret{}, flawf("separate several with single commas", "one of the secrets is empty")
	case strings.ContainsFunc(lit.text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return Secret{}, flawf("separate several with commas", "the secret has line breaks or control characters")
	}
	return NewSecret(lit.text), nil
}

func accessToken(lit literal) (Secret, *flaw) {
	s, f := secretText(lit)
	if f == nil && strings.ContainsFunc(lit.text, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }) {
		return Secret{}, flawf("write one token and nothing else", "an access token has no blanks, commas or letters beyond ASCII")
	}
	return s, f
}

// signingMark is how GitLab's signing tokens begin.
const signingMark = "whsec_"

func webhookSecret(lit literal) (Secret, *flaw) {
	if strings.HasPrefix(lit.text, signingMark) {
		return Secret{}, flawf("set FLOWKEEPER_SIGNING_TOKEN instead", "this is a signing token")
	}
	return secretText(lit)
}

func signingToken(lit literal) (Secret, *flaw) {
	s, f := secretText(lit)
	if f != nil {
		return Secret{}, f
	}
	encoded, marked := strings.CutPrefix(lit.text, signingMark)
	if !marked {
		return Secret{}, flawf("a plain secret token belongs in FLOWKEEPER_WEBHOOK_SECRET", "a signing token begins with %s", signingMark)
	}
	if key, err := base64.StdEncoding.Strict().DecodeString(encoded); err != nil || len(key) == 0 {
		return Secret{}, flawf("copy it from GitLab again", "what follows %s is not base64", signingMark)
	}
	return s, nil
}
