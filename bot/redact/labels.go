package redact

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// Labels gives labels other names, except those that the policy speaks of. A scope stays one: of two labels that exclude each other, the new names
// do so, too.
type Labels struct {
	policy engine.Policy
	people *People
	words  map[string]bool // all texts of the policy
	given  map[string]string
	names  map[string]bool
}

// NewLabels keeps the labels that stand anywhere in the policy or in its rules of policy files, and those of its scopes. A label that is somebody's
// username is not kept.
func NewLabels(p engine.Policy, rules []policy.Rule, who *People) *Labels {
	l := &Labels{policy: p, people: who, words: map[string]bool{}, given: map[string]string{}, names: map[string]bool{}}
	collectTexts(reflect.ValueOf(p), l.words, map[uintptr]bool{})
	collectTexts(reflect.ValueOf(rules), l.words, map[uintptr]bool{})
	return l
}

// Rename is the label's name in the file.
func (l *Labels) Rename(label string) string {
	if l.Known(label) {
		return label
	}
	if l.given[label] == "" {
		l.given[label] = l.invent(label)
		l.names[label] = true
	}
	return l.given[label]
}

// RenameAll are the names of all of them.
func (l *Labels) RenameAll(labels []string) []string {
	if labels == nil {
		return nil
	}
	all := make([]string, len(labels))
	for n, label := range labels {
		all[n] = l.Rename(label)
	}
	return all
}

// Renamed reports whether some label got another name.
func (l *Labels) Renamed() bool { return len(l.names) > 0 }

// Known reports whether the policy speaks of a label.
func (l *Labels) Known(label string) bool {
	if l.people.Knows(label) || l.people.Knows(triage.Value(label)) {
		return false
	}
	if l.words[label] {
		return true
	}
	if state, ok := l.policy.Team.StateOf(label); ok {
		return slices.Contains(l.policy.Team.Workflow.Names(), state)
	}
	for _, levels := range []*triage.Levels{l.policy.Team.Severity, l.policy.Team.Priority} {
		if value, ok := levels.ValueOf(label); ok && levels.Rank(value) >= 0 {
			return true
		}
	}
	value := triage.Value(label)
	return slices.Contains(l.keptScopes(), triage.Scope(label)) && (number.MatchString(value) || slices.Contains(kinds, value))
}

var number = regexp.MustCompile(`^[0-9]{1,3}$`)

// kinds are the values of types that the rules know.
var kinds = []string{"bug", "feature", "maintenance"}

// keptScopes are the scopes that mean something to the rules.
func (l *Labels) keptScopes() []string {
	scopes := []string{"bug", "feature", "maintenance", l.policy.Team.WeightScope("backend"), l.policy.Team.WeightScope("frontend")}
	for _, role := range []triage.LabelRole{triage.TypeScope, triage.SeverityScope, triage.PriorityScope} {
		scopes = append(scopes, l.policy.Team.LabelNames(role)...)
	}
	return scopes
}

// invent makes a name: with the scope, or what stands before a single colon, if the policy knows labels with it.
func (l *Labels) invent(label string) string {
	value := fmt.Sprintf("label-%d", len(l.given)+1)
	for _, separator := range []string{"::", ":"} {
		n := strings.LastIndex(label, separator)
		if n <= 0 {
			continue
		}
		scope := label[:n]
		if !l.knowsPrefix(scope + separator) {
			if l.given[scope+separator] == "" {
				l.given[scope+separator] = fmt.Sprintf("scope-%d", len(l.given)+1)
			}
			scope = l.given[scope+separator]
		}
		return scope + separator + value
	}
	return value
}

// knowsPrefix reports whether some label of the policy begins so.
func (l *Labels) knowsPrefix(prefix string) bool {
	for word := range l.words {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return prefix == "regression:" || slices.Contains(l.keptScopes(), strings.TrimSuffix(prefix, "::"))
}

// collectTexts finds all texts in a value, wherever they are.
func collectTexts(v reflect.Value, into map[string]bool, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.String:
		into[v.String()] = true
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			collectTexts(v.Elem(), into, seen)
		}
	case reflect.Interface:
		collectTexts(v.Elem(), into, seen)
	case reflect.Struct:
		for _, field := range v.Fields() {
			collectTexts(field, into, seen)
		}
	case reflect.Slice, reflect.Array:
		for n := range v.Len() {
			collectTexts(v.Index(n), into, seen)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collectTexts(key, into, seen)
			collectTexts(v.MapIndex(key), into, seen)
		}
	}
}
