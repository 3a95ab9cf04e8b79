package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// section is a schemaValue that holds keys.
type section struct {
	keys  []key
	noun  string            // what its keys are called: "rule"; empty is "key"
	other string            // the hint for an unknown key that resembles no other, if there are too many to list
	moved map[string]string // hints for keys that were in the section once

	off *bool // the word none in place of the keys sets it; nil for a section that cannot be switched off
	// keep takes a key that is not among the section's, if it is known elsewhere; nil takes none.
	keep func(r *reader, path string, e entry) bool
}

// key is the one definition of a setting, or of a section of them.
type key struct {
	name       string // in the file; empty if only the environment can set it
	variable   string // of the environment, which beats the file; may be empty
	orFile     bool   // a variable of that name and …_FILE may name a file with the value
	reloadable bool   // a running bot adopts a new value; for a section, of all keys in it
	help       string // one line without full stop for the reference; may be empty
	kind       schemaValue

	// For a key that only the environment can set: the names under which people look for it in the file, and why it is not there.
	searchNames, whyNotInFile string
}

// inFile are the keys that the file may have.
func (s section) inFile() []key {
	return slices.DeleteFunc(slices.Clone(s.keys), func(k key) bool { return k.name == "" })
}

// names are those of the keys that the file may have.
func (s section) names() []string {
	var names []string
	for _, k := range s.inFile() {
		names = append(names, k.name)
	}
	return names
}

// each visits every key below the section that has a value, with its path, or its variable if only the environment can set it.
func (s section) each(visit func(path string, k key)) { s.eachBelow("", false, visit) }

func (s section) eachBelow(path string, live bool, visit func(path string, k key)) {
	for _, k := range s.keys {
		k.reloadable = k.reloadable || live
		inner, nested := k.kind.(section)
		switch {
		case nested:
			if inner.off != nil {
				visit(joinPath(path, k.name), key{name: k.name, reloadable: k.reloadable, kind: inner.onOrOff()})
			}
			inner.eachBelow(joinPath(path, k.name), k.reloadable, visit)
		case k.name == "":
			visit(k.variable, k)
		default:
			visit(joinPath(path, k.name), k)
		}
	}
}

func (s section) text() string {
	if s.isOff() {
		return offWord
	}
	return "{}"
}

func (s section) limits() string { return "" }
func (s section) plain() string  { return "" }

// offWord stands in place of a section's keys for a team that does without.
const offWord = "none"

func (s section) isOff() bool { return s.off != nil && *s.off }

// onOrOff is whether the section is switched off, as a value.
func (s section) onOrOff() scalar[bool] {
	return scalar[bool]{field: s.off, format: func(off bool) string { return map[bool]string{true: offWord, false: "{…}"}[off] }}
}

func (s section) reset() {
	if s.off != nil {
		*s.off = false
	}
	for _, k := range s.keys {
		k.kind.reset()
	}
}

// read reads every known key and reports every unknown one. An empty section counts as left out: it is what remains when all its keys are
// commented out.
func (s section) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil || target.Type() == ast.NullType {
		return
	}
	if s.off != nil && isWord(target) {
		s.readWord(r, path, target)
		return
	}
	entries, ok := r.mapping(path, target)
	if !ok {
		r.report(path, n, diagnosticf(s.example(path), "this is %s, keys and values are wanted", nodeKind(target)))
		return
	}
	keys := s.inFile()
	for _, e := range entries {
		if n := slices.IndexFunc(keys, func(k key) bool { return k.name == e.key }); n >= 0 {
			keys[n].kind.read(r, joinPath(path, e.key), e.value)
			continue
		}
		if s.keep != nil && s.keep(r, joinPath(path, e.key), e) {
			continue
		}
		r.report(joinPath(path, e.key), e.at, s.unknown(r, path, e.key))
	}
}

// readWord reads the one word that may stand in place of the keys.
func (s section) readWord(r *reader, path string, n ast.Node) {
	lit, ok := r.literal(path, n, offWord)
	if ok && lit.text != offWord {
		r.report(path, n, diagnosticf("write "+offWord+" for a team that does without, or keys below it", "%s is not allowed here", quote(lit.text)))
	} else if ok {
		*s.off = true
		r.origin[path] = origin{spot: position(n)}
	}
}

// unknown says what is wrong with a key that is not among the section's.
func (s section) unknown(r *reader, path, name string) *diagnostic {
	if f := r.environmentOnlyKey(path, name); f != nil {
		return f
	}
	if hint, ok := s.moved[name]; ok {
		return diagnosticf(hint, "this is not set here any more")
	}
	noun := s.noun
	if noun == "" {
		noun = "key"
	}
	return diagnosticf(suggest(name, s.names(), s.other), "there is no such %s", noun)
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

// environmentOnlyKey recognises a key that people write in the file although only the environment can set it: secrets do not belong in a file that
// is reviewed and shared.
func (r *reader) environmentOnlyKey(path, name string) *diagnostic {
	if path != "" && path != "gitlab" && path != "server" && path != "inbox" && path != "smtp" {
		return nil
	}
	name = strings.TrimSuffix(strings.ReplaceAll(strings.ToLower(name), "-", "_"), "s")
	var variables []string
	apart := ""
	r.schema.each(func(_ string, k key) {
		if slices.ContainsFunc(strings.Fields(k.searchNames), func(s string) bool {
			s = strings.TrimSuffix(s, "s")
			return s == name || s == path+"_"+name
		}) {
			variables = append(variables, k.variables()...)
			apart = k.whyNotInFile
		}
	})
	if variables == nil {
		return nil
	}
	return diagnosticf("set "+strings.Join(variables, " or ")+" in the environment", "%s", apart)
}

// write prints the section's keys as YAML. With comments, each key comes with its help and its limits.
func (s section) write(b *strings.Builder, indent string, comments bool) {
	for _, k := range s.inFile() {
		inner, nested := k.kind.(section)
		if comments {
			writeComment(b, indent, k)
		}
		if !nested || len(inner.keys) == 0 || inner.isOff() {
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

// helpText is what people read about a key: its help, its limits and its variable.
func (k key) helpText() string {
	help, limits := k.help, k.kind.limits()
	switch {
	case help == "" && limits == "":
		return ""
	case help == "":
		help = limits
	case limits != "":
		help += " (" + limits + ")"
	}
	if k.variable != "" {
		help += " [" + k.variable + "]"
	}
	return help
}

// writeComment prints a key's help and limits above it.
func writeComment(b *strings.Builder, indent string, k key) {
	help := k.helpText()
	if help == "" {
		return
	}
	for line := range strings.SplitSeq(help, "\n") {
		b.WriteString(indent + "# " + line + "\n")
	}
}
