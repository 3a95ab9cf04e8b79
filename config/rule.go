package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// modeKey is the key of the mode among a rule's options, allKey the one beside the rules that limits them all.
const (
	modeKey = "mode"
	allKey  = "all"
)

// ruleSection has one key for every rule of the catalogue that c was made with, and for every policy that c has.
func ruleSection(c *Config) section {
	s := section{noun: "rule", other: "flowkeeper rules lists them", keep: keepPolicyMode}
	s.keys = append(s.keys, key{name: allKey, help: "The most that a rule may do whose mode is not named below", kind: scalar[triage.Mode]{
		field: &c.All, standard: triage.Act, want: "a mode", allowed: "off, shadow, remind or act", form: oneOf(modesUpTo(triage.Act)...), parse: parseMode, format: triage.Mode.String,
	}})
	for i := range c.Rules {
		setting := &c.Rules[i]
		s.keys = append(s.keys, key{name: setting.ID, help: ruleHelp(setting.Meta), kind: rule{setting}})
	}
	for _, p := range c.Policies.Rules {
		setting := policySetting(p)
		s.keys = append(s.keys, key{name: p.ID, kind: rule{&setting}})
	}
	return s
}

// ruleHelp is a rule's text in the reference.
func ruleHelp(m triage.Meta) string {
	lines := []string{strings.TrimSuffix(m.Summary, ".")}
	if m.MaxMode != triage.Act {
		lines[0] += fmt.Sprintf(" (at most %s)", m.MaxMode)
	}
	for _, o := range m.Options {
		line := "  " + o.Name + ": " + o.Help
		if _, number := o.Default.(int); number {
			line += fmt.Sprintf(" (%d to %d)", o.Min, o.Max)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// rule is a schemaValue: a mode, or a mapping of a mode and options.
type rule struct{ setting *engine.Setting }

func (k rule) reset()         {} // the engine's defaults are those of the catalogue
func (k rule) limits() string { return "" }
func (k rule) plain() string  { return k.text() }

func (k rule) text() string {
	if len(k.setting.Meta.Options) == 0 {
		return k.setting.Mode.String()
	}
	parts := []string{modeKey + ": " + k.setting.Mode.String()}
	for _, o := range k.setting.Meta.Options {
		parts = append(parts, o.Name+": "+optionText(k.setting.Options[o.Name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// optionText is the value of an option as YAML.
func optionText(v any) string {
	if s, ok := v.(string); ok {
		return yamlText(s)
	}
	return fmt.Sprint(v)
}

func (k rule) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil {
		return
	}
	if entries, ok := r.mapping(path, target); ok {
		for _, e := range entries {
			k.readEntry(r, joinPath(path, e.key), e)
		}
		return
	}
	k.readMode(r, path, n)
}

// readEntry reads the mode or one option.
func (k rule) readEntry(r *reader, path string, e entry) {
	if e.key == modeKey {
		k.readMode(r, path, e.value)
		return
	}
	names := []string{modeKey}
	for _, o := range k.setting.Meta.Options {
		if o.Name == e.key {
			k.readOption(r, path, o, e.value)
			return
		}
		names = append(names, o.Name)
	}
	r.report(path, e.at, diagnosticf(suggest(e.key, names, ""), "%s has no such option", k.setting.ID))
}

func (k rule) readMode(r *reader, path string, n ast.Node) {
	allowed := k.allowedModes()
	lit, ok := r.literal(path, n, "one of "+joinWords(allowed))
	if !ok {
		return
	}
	mode, f := parseModeAmong(lit, allowed)
	switch {
	case f != nil:
		r.report(path, n, f)
	case mode > k.setting.MaxMode:
		r.report(path, n, diagnosticf("allowed: "+joinWords(allowed), "%s cannot %s: what it asks for is left to people", k.setting.ID, mode))
	default:
		k.setting.Mode = mode
		r.origin[path] = origin{spot: position(n)}
	}
}

// allowedModes lists the modes up to the rule's maximum.
func (k rule) allowedModes() []string { return modesUpTo(k.setting.MaxMode) }

func modesUpTo(highest triage.Mode) []string {
	var names []string
	for m := triage.Off; m <= highest; m++ {
		names = append(names, m.String())
	}
	return names
}

// parseMode reads any mode.
func parseMode(lit literal) (triage.Mode, *diagnostic) {
	return parseModeAmong(lit, modesUpTo(triage.Act))
}

// parseModeAmong reads a mode. If the word is not a mode, the allowed ones are suggested.
func parseModeAmong(lit literal, allowed []string) (triage.Mode, *diagnostic) {
	mode, err := triage.ParseMode(lit.text)
	switch {
	case lit.typ == isBool && strings.EqualFold(lit.text, "false"):
		return mode, diagnosticf("write off", "%s is not a mode", lit.text)
	case err != nil || lit.typ != isText:
		return mode, diagnosticf(suggest(lit.text, allowed, ""), "%s is not a mode", quote(lit.text))
	}
	return mode, nil
}

func (k rule) readOption(r *reader, path string, o triage.Option, n ast.Node) {
	want := "a text"
	if _, number := o.Default.(int); number {
		want = fmt.Sprintf("a number (%d to %d)", o.Min, o.Max)
	}
	lit, ok := r.literal(path, n, want)
	if !ok {
		return
	}
	v, f := parseOption(o, lit)
	if f != nil {
		r.report(path, n, f)
		return
	}
	k.setting.Options[o.Name] = v
	r.origin[path] = origin{spot: position(n)}
}

// parseOption reads the value of an option in the type of its default.
func parseOption(o triage.Option, lit literal) (any, *diagnostic) {
	if _, number := o.Default.(int); number {
		return parseWholeNumber(lit, o.Min, o.Max)
	}
	if o.State {
		return parseLabel(lit)
	}
	return parseTextLine(lit)
}
