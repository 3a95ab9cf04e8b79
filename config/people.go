package config

import (
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"flowkeeper/rules/triage"
)

// byPerson is a schemaValue: a mapping of usernames to values of one kind.
type byPerson[T any] struct {
	field   *map[string]T
	example string // "eric: 80%"
	value   func(*T) schemaValue
}

func (p byPerson[T]) reset()         { *p.field = nil }
func (p byPerson[T]) limits() string { return "" }
func (p byPerson[T]) plain() string  { return p.text() }

func (p byPerson[T]) text() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(*p.field)) {
		v := (*p.field)[name]
		parts = append(parts, yamlText(name)+": "+p.value(&v).text())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (p byPerson[T]) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil || target.Type() == ast.NullType {
		return
	}
	entries, ok := r.mapping(path, target)
	if !ok {
		r.report(path, n, diagnosticf("write \""+p.example+"\" below it, further indented", "this is %s, usernames and values are wanted", nodeKind(target)))
		return
	}
	all := map[string]T{}
	for _, e := range entries {
		here := joinPath(path, e.key)
		name, f := parseUsername(literal{text: e.key})
		if _, twice := all[name]; f == nil && twice {
			f = diagnosticf("remove one of the two", "%s is there already", quote(name))
		}
		if f != nil {
			r.report(here, e.at, f)
			continue
		}
		var v T
		if p.value(&v).read(r, here, e.value); !r.origin[here].bad {
			all[name] = v
			r.origin[joinPath(path, name)] = origin{spot: position(e.at)}
		}
	}
	*p.field = all
}

// checkPeople checks that whom a mapping names has a role, and takes over how team.roles spells the name.
func checkPeople[T any](r *reader, path string, t Team, people map[string]T) {
	var known []string
	for _, role := range triage.Roles() {
		if r.origin[joinPath("team.roles", string(role))].bad {
			return
		}
		known = append(known, t.Roster[role]...)
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		n := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if n < 0 {
			r.reportConflict(diagnosticf(suggest(name, known, "name the person in team.roles, too"), "nobody in team.roles is called %s", quote(name)), joinPath(path, name))
			continue
		}
		v := people[name]
		delete(people, name)
		people[known[n]] = v
	}
}

// percentValue is a share from 0% to most.
func percentValue(field *int, standard, most int) scalar[int] {
	allowed := "0% to " + formatPercent(most)
	return scalar[int]{
		field: field, standard: standard, want: "a share such as " + formatPercent(max(standard, 50)), allowed: allowed, form: percentShape, format: formatPercent,
		parse: func(lit literal) (int, *diagnostic) {
			digits, marked := strings.CutSuffix(lit.text, "%")
			n, err := strconv.Atoi(digits)
			switch {
			case err != nil || strconv.Itoa(n) != digits:
				return 0, diagnosticf("write a whole number and the sign, such as 80%", "%s is not a share", quote(lit.text))
			case !marked:
				return 0, diagnosticf("write "+lit.text+"%", "%s has no percent sign", lit.text)
			case n < 0 || n > most:
				return 0, diagnosticf("allowed: "+allowed, "%s is out of range", lit.text)
			}
			return n, nil
		},
	}
}

func formatPercent(n int) string { return strconv.Itoa(n) + "%" }

// addressValue is whom a mail goes to.
func addressValue(field *string) scalar[string] {
	return textValue(field, "", "an address such as eric@example.com", parseAddress)
}

// parseAddress reads a mail address without a name.
func parseAddress(lit literal) (string, *diagnostic) {
	s, f := parseSender(lit)
	if a, err := mail.ParseAddress(s); f == nil && (err != nil || a.Address != s) {
		return "", diagnosticf("write the address alone, such as eric@example.com", "%s is more than an address", quote(s))
	}
	return s, f
}

// parseSender reads a mail address with or without a name.
func parseSender(lit literal) (string, *diagnostic) {
	s, f := parseTextLine(lit)
	if f != nil {
		return "", f
	}
	if a, err := mail.ParseAddress(s); err != nil || strings.ContainsFunc(a.Address, isNotAddress) {
		return "", diagnosticf("write one such as flowkeeper@example.com", "%s is not a mail address", quote(s))
	}
	return s, nil
}

// isNotAddress is true of what an address has only in quotes, or where every server on its way knows more than ASCII.
func isNotAddress(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>()[],;:\`, r) }
