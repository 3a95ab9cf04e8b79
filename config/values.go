package config

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"flowkeeper/config/document"
)

// schemaValue is the value of a key: one that is bound to a field of a Config, or a section of keys.
type schemaValue interface {
	// read reads a node of the file into the field, or reports what is wrong and leaves the field alone.
	read(r *reader, path string, n ast.Node)
	// reset gives the field its default.
	reset()
	// text is the field's value as YAML on one line; secrets are hidden.
	text() string
	// plain is the value for comparisons only: it shows secrets.
	plain() string
	// limits says what is allowed, for the reference: "5s to 1h"; may be empty.
	limits() string
	// shape is the value's JSON Schema, as far as one can say it.
	shape() shape
}

// scalar is a value of one word, which a variable may set, too.
type scalar[T any] struct {
	field    *T
	standard T      // the default
	want     string // what is to be written: "a duration such as 5m"
	allowed  string // for the reference
	form     shape  // in the JSON Schema; nil is any text
	parse    func(literal) (T, *diagnostic)
	format   func(T) string
}

func (o scalar[T]) reset() { *o.field = o.standard }

func (o scalar[T]) plain() string {
	switch v := any(*o.field).(type) {
	case Secret:
		return v.Reveal()
	case Template:
		return v.File + "\n" + v.Text
	default:
		return o.text()
	}
}

func (o scalar[T]) text() string   { return o.format(*o.field) }
func (o scalar[T]) limits() string { return o.allowed }

func (o scalar[T]) read(r *reader, path string, n ast.Node) {
	lit, ok := r.literal(path, n, o.want)
	if !ok {
		return
	}
	if f := o.set(lit); f != nil {
		r.report(path, n, f)
		return
	}
	r.origin[path] = origin{spot: position(n)}
}

// set parses a literal into the field, or says what is wrong with it.
func (o scalar[T]) set(lit literal) *diagnostic {
	v, f := o.parse(lit)
	if f == nil {
		*o.field = v
	}
	return f
}

// listValue is a list of words.
type listValue struct {
	get      func() []string
	put      func([]string)
	standard []string // the default
	want     string   // what the items are: "usernames"
	example  string   // "[alice, bob]"
	repeats  bool     // one word may stand there twice
	single   bool     // one word may stand for a list of one
	least    int      // number of items
	numbers  bool     // the items are numbers, printed without quotes
	form     shape    // of an item in the JSON Schema; nil is any text
	item     func(literal) (string, *diagnostic)
	pairs    bool                                           // an item may be "key: value" and counts as the text "key:value"
	follows  func(before []string, item string) *diagnostic // a check of an item behind those before it, of which there are some; nil is none
	check    func([]string) *diagnostic                     // a check of the list that parsed; nil is none
}

func (m listValue) text() string {
	items := m.get()
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = yamlText(s)
		if m.numbers {
			quoted[i] = s
		}
	}
	if m.single && len(quoted) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (m listValue) limits() string { return "" }
func (m listValue) plain() string  { return m.text() }
func (m listValue) reset()         { m.put(append([]string{}, m.standard...)) }

// set takes the items that a variable names, separated by commas.
func (m listValue) set(lit literal) *diagnostic {
	items, f := split(lit, m.item)
	if f != nil {
		return f
	}
	return m.store(items)
}

// split takes what stands between commas.
func split[T any](lit literal, parse func(literal) (T, *diagnostic)) ([]T, *diagnostic) {
	var all []T
	for part := range strings.SplitSeq(lit.text, ",") {
		v, f := parse(literal{text: strings.TrimSpace(part)})
		if f != nil {
			return nil, f
		}
		all = append(all, v)
	}
	return all, nil
}

func (m listValue) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil {
		return
	}
	list, ok := target.(*ast.SequenceNode)
	switch {
	case ok:
		m.readList(r, path, list)
	case m.single && isWord(target):
		lit, ok := r.literal(path, target, m.want)
		if !ok {
			return
		}
		s, f := m.item(lit)
		if f != nil {
			r.report(path, target, f)
			return
		}
		m.storeAt(r, path, target, []string{s})
	case isWord(target):
		r.report(path, n, diagnosticf("write a list such as "+m.example, "this is %s, a list of %s is wanted", nodeKind(target), m.want))
	case target.Type() == ast.NullType:
		r.report(path, n, diagnosticf("write a list such as "+m.example+", or leave the key out", "there is no value"))
	default:
		r.report(path, n, diagnosticf("write a list such as "+m.example, "this is %s, a list of %s is wanted", nodeKind(target), m.want))
	}
}

// readList reads every item, so that all wrong ones are reported.
func (m listValue) readList(r *reader, path string, list *ast.SequenceNode) {
	items := make([]string, 0, len(list.Values))
	places := map[string]location{}
	good := true
	for i, n := range list.Values {
		here := path + "[" + strconv.Itoa(i) + "]"
		lit, ok := literal{}, false
		if m.pairs {
			lit.text, ok = pairText(n)
		}
		if !ok {
			lit, ok = r.literal(here, n, "one of the "+m.want)
		}
		if !ok {
			good = false
			continue
		}
		s, f := m.item(lit)
		if f == nil && !m.repeats {
			if _, twice := places[s]; twice {
				f = diagnosticf("remove one of the two", "%s is there already", quote(s))
			}
		}
		if f == nil && m.follows != nil && len(items) > 0 {
			f = m.follows(items, s)
		}
		if f != nil {
			r.report(here, n, f)
			good = false
			continue
		}
		places[s] = position(n)
		r.origin[here] = origin{spot: position(n)}
		items = append(items, s)
	}
	if !good {
		r.origin[path] = origin{spot: position(list), bad: true}
		return
	}
	m.storeAt(r, path, list, items)
}

// pairText is the text "key:value" of an item that YAML reads as a mapping of one key: somebody wrote it with a blank, or without one in a list in
// braces, where the parser takes it for a mapping, too. ok is false for all else.
func pairText(n ast.Node) (text string, ok bool) {
	pair, ok := n.(*ast.MappingValueNode)
	if m, all := n.(*ast.MappingNode); all && len(m.Values) == 1 {
		pair, ok = m.Values[0], true
	}
	if !ok {
		return "", false
	}
	key, plain := document.KeyText(pair.Key)
	if isWord(pair.Value) {
		return key + ":" + document.Text(pair.Value), plain
	}
	rest, ok := pairText(pair.Value)
	return key + ":" + rest, ok && plain
}

// storeAt stores a list whose items are valid, and where it came from.
func (m listValue) storeAt(r *reader, path string, n ast.Node, items []string) {
	if f := m.store(items); f != nil {
		r.report(path, n, f)
		return
	}
	r.origin[path] = origin{spot: position(n)}
}

// store stores a list unless it is invalid as a whole.
func (m listValue) store(items []string) *diagnostic {
	if len(items) < m.least {
		return diagnosticf("write a list such as "+m.example+", or leave the key out for the default", "the list is empty")
	}
	if m.check != nil {
		if f := m.check(items); f != nil {
			return f
		}
	}
	m.put(items)
	return nil
}

// isWord reports whether a node is a scalar that is not empty.
func isWord(n ast.Node) bool {
	_, scalar := n.(ast.ScalarNode)
	return scalar && n.Type() != ast.NullType
}

// parsePlainText reads a literal that has to be a text.
func parsePlainText(lit literal) (string, *diagnostic) {
	switch lit.typ {
	case isNumber:
		return "", diagnosticf("put it in quotes if it is meant", "%s is a number, a text is wanted", lit.text)
	case isBool:
		return "", diagnosticf("put it in quotes if it is meant", "%s is a yes or no, a text is wanted", lit.text)
	case isText:
	}
	return lit.text, nil
}

// textValue is a word or a line.
func textValue(field *string, standard, want string, check func(literal) (string, *diagnostic)) scalar[string] {
	return scalar[string]{field: field, standard: standard, want: want, format: yamlText, parse: check}
}

// optionalValue is a word or a line that may be empty.
func optionalValue(field *string, want string, check func(literal) (string, *diagnostic)) scalar[string] {
	return textValue(field, "", want, func(lit literal) (string, *diagnostic) {
		if lit.typ == isText && lit.text == "" {
			return "", nil
		}
		return check(lit)
	})
}

// bindList binds a list to a field.
func bindList(field *[]string, m listValue) listValue {
	m.get = func() []string { return *field }
	m.put = func(items []string) { *field = items }
	return m
}

// exampleList writes names as a YAML list.
func exampleList(names []string) string {
	return listValue{get: func() []string { return names }}.text()
}

// withUnsetText sets how an empty value is shown.
func withUnsetText(o scalar[string], unset string) scalar[string] {
	format := o.format
	o.format = func(s string) string {
		if s == "" {
			return unset
		}
		return format(s)
	}
	return o
}

// choiceValue is one of a few words.
func choiceValue[T ~string](field *T, standard T, choices ...T) scalar[T] {
	var words []string
	for _, c := range choices {
		words = append(words, string(c))
	}
	return scalar[T]{
		field: field, standard: standard, want: "one of " + joinWords(words), allowed: strings.Join(words, " or "), form: oneOf(words...), format: func(v T) string { return yamlText(string(v)) },
		parse: func(lit literal) (T, *diagnostic) {
			if lit.typ != isText || !slices.Contains(words, lit.text) {
				return "", diagnosticf(suggest(lit.text, words, ""), "%s is not allowed here", quote(lit.text))
			}
			return T(lit.text), nil
		},
	}
}

// boolValue is true or false.
func boolValue(field *bool) scalar[bool] {
	return scalar[bool]{
		field: field, want: "true or false", allowed: "true or false", form: shape{"type": "boolean"}, format: strconv.FormatBool,
		parse: func(lit literal) (bool, *diagnostic) {
			if lit.text != "true" && lit.text != "false" {
				return false, diagnosticf("write true or false", "%s is neither true nor false", quote(lit.text))
			}
			return lit.text == "true", nil
		},
	}
}

// intValue is a whole number between two limits, both inclusive.
func intValue(field *int, standard, least, most int) scalar[int] {
	limits := strconv.Itoa(least) + " to " + strconv.Itoa(most)
	return scalar[int]{
		field: field, standard: standard, want: "a number (" + limits + ")", allowed: limits, form: wholeNumber(least, most), format: strconv.Itoa,
		parse: func(lit literal) (int, *diagnostic) { return parseWholeNumber(lit, least, most) },
	}
}

// parseWholeNumber reads a plain decimal number between two limits, both inclusive.
func parseWholeNumber(lit literal, least, most int) (int, *diagnostic) {
	hint := "allowed: " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
	n, err := strconv.Atoi(lit.text)
	switch {
	case err != nil || strconv.Itoa(n) != lit.text:
		return 0, diagnosticf(hint, "%s is not a plain whole number", quote(lit.text))
	case lit.typ != isNumber:
		return 0, diagnosticf("write "+lit.text+" without quotes", "this is a text, a number is wanted")
	case n < least || n > most:
		return 0, diagnosticf(hint, "%d is out of range", n)
	}
	return n, nil
}

// plainWord is a text that YAML reads as itself without quotes, whatever the version.
var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_/.-]*( [A-Za-z0-9_/.-]+)*$`)

// reservedWords are read as something else by some YAML parser.
var reservedWords = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

// yamlText is a text as YAML, in quotes where it needs them. JSON strings are YAML strings.
func yamlText(s string) string {
	if plainWord.MatchString(s) && !slices.Contains(reservedWords, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
