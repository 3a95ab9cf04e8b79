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

// variable is one environment variable.
type variable struct {
	name     string
	help     string // one line for the reference
	key      string // of the file, which it beats; may be empty
	fromFile bool   // there is a …_FILE variable too
	kind     setter // nil for FLOWKEEPER_CONFIG, which is read before
}

// setter takes the value of a variable into the configuration.
type setter interface{ set(literal) *flaw }

// variables lists every environment variable in the order of the reference, bound to the fields of c.
func variables(c *Config) []variable {
	return []variable{
		{"FLOWKEEPER_GITLAB_URL", "base URL of GitLab", "gitlab.url", false, baseURL(&c.GitLab.URL)},
		{"FLOWKEEPER_GITLAB_TOKEN", "project or group access token, scope api, role Reporter or Planner", "", true, one[Secret]{field: &c.GitLab.Token, parse: accessToken}},
		{"FLOWKEEPER_WEBHOOK_SECRET", "X-Gitlab-Token of the webhook; several, comma-separated, while rotating", "", true, several[Secret]{&c.Server.WebhookSecrets, webhookSecret}},
		{"FLOWKEEPER_SIGNING_TOKEN", "whsec_…, the signing token of the webhook; several, comma-separated, while rotating", "", true, several[Secret]{&c.Server.SigningTokens, signingToken}},
		{"FLOWKEEPER_REDIS_URL", "redis://… or rediss://…; without it the inbox is embedded", "", true, redisURL(&c.Inbox.RedisURL)},
		{"FLOWKEEPER_DATA_DIR", "directory of the embedded inbox, or of what each replica keeps beside Redis; " + c.Inbox.DataDir + " if not set", "", false, text(&c.Inbox.DataDir, "a directory", line)},
		{"FLOWKEEPER_URL", "where GitLab finds the bot", "server.url", false, publicURL(&c.Server.URL)},
		{"FLOWKEEPER_TLS_CERT", "file with the certificate for webhooks by HTTPS", "server.tls_cert", false, pemFile(&c.Server.TLSCert)},
		{"FLOWKEEPER_TLS_KEY", "file with its private key", "server.tls_key", false, pemFile(&c.Server.TLSKey)},
		{"FLOWKEEPER_LISTEN", "address for webhooks", "server.listen", false, listenAddress(&c.Server.Listen)},
		{"FLOWKEEPER_ADMIN_LISTEN", "address for health, metrics and explanations", "server.admin", false, listenAddress(&c.Server.Admin)},
		{"FLOWKEEPER_ADMIN_HOSTS", "names by which it may be asked; several, comma-separated", "server.admin_hosts", false, several[string]{&c.Server.AdminHosts, hostName}},
		{configVariable, "the configuration file; " + DefaultPath + " if it exists", "", false, nil},
		{"FLOWKEEPER_MODE", "act: rules go as far as the file says; shadow: none goes further than that. If not set: act with a configuration file, even an empty one, shadow without", "", false, choice(&c.Mode, ModeShadow, ModeAct)},
		{"FLOWKEEPER_LOG_LEVEL", "debug, info, warn or error; info if not set", "", false, choice(&c.Log.Level, "debug", "info", "warn", "error")},
		{"FLOWKEEPER_LOG_FORMAT", "json or console; json if not set, console on a terminal", "", false, choice(&c.Log.Format, "json", "console")},
	}
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
func (e *environment) read(r *reader, c *Config) {
	known := map[string]bool{}
	var names []string
	for _, v := range variables(c) {
		known[v.name] = true
		names = append(names, v.name)
		if v.fromFile {
			known[v.name+fileSuffix] = true
			names = append(names, v.name+fileSuffix)
		}
		e.readOne(r, v)
	}
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		if !known[name] && !orchestrated(name, e.values[name]) {
			r.reportVariable(name, flawf(suggestVariable(name, names), "there is no such variable"))
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

// readOne takes one variable into the configuration.
func (e *environment) readOne(r *reader, v variable) {
	name, value := v.name, strings.TrimSpace(e.values[v.name])
	if v.fromFile {
		var f *flaw
		if name, value, f = e.valueOrFile(v.name); f != nil {
			r.reportVariable(name, f)
			return
		}
		e.hush = append(e.hush, value)
		e.hush = append(e.hush, strings.FieldsFunc(value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })...)
	}
	if value == "" || v.kind == nil {
		return
	}
	f := v.kind.set(literal{text: value})
	if f != nil {
		r.reportVariable(name, f)
	}
	if v.key != "" {
		r.origin[v.key] = origin{variable: name, bad: f != nil}
	}
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

// several is a kind of several values, separated by commas.
type several[T any] struct {
	field *[]T
	check func(literal) (T, *flaw)
}

func (s several[T]) set(lit literal) *flaw {
	var all []T
	for part := range strings.SplitSeq(lit.text, ",") {
		value, f := s.check(literal{text: strings.TrimSpace(part)})
		if f != nil {
			return f
		}
		all = append(all, value)
	}
	*s.field = all
	return nil
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
