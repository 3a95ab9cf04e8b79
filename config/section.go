package config

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// section is a kind that holds keys.
type section struct {
	keys  []key
	noun  string // what its keys are called: "rule"; empty is "key"
	other string // the hint for an unknown key that is near to none, if there are too many to list
}

// key is one key of a section.
type key struct {
	name string
	help string // one line without full stop for the reference; may be empty
	kind kind
}

func (s section) text() string   { return "{}" }
func (s section) limits() string { return "" }

// names lists the keys.
func (s section) names() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.name
	}
	return names
}

// find is the key of a name, nil if there is none.
func (s section) find(name string) *key {
	for i := range s.keys {
		if s.keys[i].name == name {
			return &s.keys[i]
		}
	}
	return nil
}

// read reads every known key and reports every unknown one. An empty section is like one left out: it is what remains when all
// its keys are made comments.
func (s section) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil || target.Type() == ast.NullType {
		return
	}
	entries, ok := r.mapping(path, target)
	if !ok {
		r.report(path, n, flawf(s.example(path), "this is %s, keys and values are wanted", nodeKind(target)))
		return
	}
	for _, e := range entries {
		if known := s.find(e.key); known != nil {
			known.kind.read(r, under(path, e.key), e.value)
			continue
		}
		r.report(under(path, e.key), e.at, s.unknown(path, e.key))
	}
}

// unknown says what is wrong with a key that is not among the section's.
func (s section) unknown(path, name string) *flaw {
	if f := elsewhere(path, name); f != nil {
		return f
	}
	noun := s.noun
	if noun == "" {
		noun = "key"
	}
	return flawf(suggest(name, s.names(), s.other), "there is no such %s", noun)
}

// example shows how a key of the section is written.
func (s section) example(path string) string {
	switch {
	case len(s.keys) == 0:
		return "leave it out"
	case path == "":
		return "write \"" + s.keys[0].name + ":\" and what follows in the reference"
	default:
		return "write \"" + s.keys[0].name + ": …\" below it, further indented"
	}
}

// elsewhere recognises what people look for in the file although it is set in the environment: secrets do not belong in a file
// that is reviewed and shared.
func elsewhere(path, name string) *flaw {
	if path != "" && path != "gitlab" && path != "server" && path != "inbox" {
		return nil
	}
	switch strings.TrimSuffix(strings.ReplaceAll(strings.ToLower(name), "-", "_"), "s") {
	case "token", "gitlab_token", "access_token", "private_token":
		return secretElsewhere("FLOWKEEPER_GITLAB_TOKEN")
	case "secret", "webhook_secret", "webhook_token", "secret_token":
		return secretElsewhere("FLOWKEEPER_WEBHOOK_SECRET")
	case "signing_token", "signing_secret":
		return secretElsewhere("FLOWKEEPER_SIGNING_TOKEN")
	case "redi", "redis_url": // without the "s"
		return flawf("set FLOWKEEPER_REDIS_URL in the environment", "Redis is not named in the file, its URL may hold a password")
	case "data_dir":
		return flawf("set FLOWKEEPER_DATA_DIR in the environment", "the data directory is not set in the file")
	case "log", "logging", "log_level", "log_format":
		return flawf("set FLOWKEEPER_LOG_LEVEL and FLOWKEEPER_LOG_FORMAT in the environment", "logging is not set in the file")
	default:
		return nil
	}
}

func secretElsewhere(variable string) *flaw {
	return flawf("set "+variable+" or "+variable+fileSuffix+" in the environment", "secrets do not belong in the file")
}

// write prints the section's keys as YAML. With comments, each key comes with its help and its limits.
func (s section) write(b *strings.Builder, indent string, comments bool) {
	for _, k := range s.keys {
		inner, nested := k.kind.(section)
		if comments {
			writeComment(b, indent, k)
		}
		if !nested || len(inner.keys) == 0 {
			b.WriteString(indent + yamlText(k.name) + ": " + k.kind.text() + "\n")
			continue
		}
		b.WriteString(indent + k.name + ":\n")
		inner.write(b, indent+"  ", comments)
		if comments && indent == "" {
			b.WriteString("\n")
		}
	}
}

// writeComment prints what is known of a key above it.
func writeComment(b *strings.Builder, indent string, k key) {
	help, limits := k.help, k.kind.limits()
	switch {
	case help == "" && limits == "":
		return
	case help == "":
		help = limits
	case limits != "":
		help += " (" + limits + ")"
	}
	for line := range strings.SplitSeq(help, "\n") {
		b.WriteString(indent + "# " + line + "\n")
	}
}
