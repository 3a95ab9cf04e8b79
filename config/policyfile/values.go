package policyfile

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/config/document"
)

// text reads a word of the gem's language. Where Ruby would read something else, or nothing at all, the rule is refused: the gem ignores a condition
// without a value, so that the rule holds for more.
func (r *ruleReader) text(e entry) (string, bool) {
	switch e.value.kind {
	case null:
		r.refuse(e.at, "give it a value, or leave it out", "%s is empty, which the gem ignores", e.key)
		return "", false
	case list, mapping:
		r.reportf(e.value.at, "write one word", "%s is %s, a word is wanted", e.key, kindText(e.value))
		return "", false
	case word:
	}
	return r.wordText(e.key, e.value)
}

// wordText is the text of a word as Ruby would write it.
func (r *ruleReader) wordText(key string, n *node) (string, bool) {
	text := strings.TrimSpace(n.text)
	switch {
	case n.word == isBool:
		r.refuse(n.at, "put it in quotes", "%s: Ruby reads %s as true or false and not as a word", key, text)
	case n.word == isOther && strings.HasPrefix(text, ":"):
		r.refuse(n.at, "write it without the colon, or in quotes", "%s: %s is a symbol of Ruby", key, document.Quote(text))
	case n.word == isOther:
		r.refuse(n.at, "put it in quotes", "%s: Ruby reads %s as a number or a date and not as a word", key, document.Quote(text))
	case text == "":
		r.refuse(n.at, "give it a value, or leave it out", "%s is an empty text", key)
	default:
		return text, true
	}
	return "", false
}

// choice reads one of a few words.
func (r *ruleReader) choice(e entry, allowed ...string) (string, bool) {
	text, ok := r.text(e)
	if ok && !slices.Contains(allowed, text) {
		r.refuse(e.value.at, document.Suggest(text, allowed, ""), "%s cannot be %s", e.key, document.Quote(text))
		return "", false
	}
	return text, ok
}

// number reads a whole number that is at least so large.
func (r *ruleReader) number(e entry, least int) (int, bool) {
	const most = 1_000_000
	switch e.value.kind {
	case null:
		_, ok := r.text(e)
		return 0, ok
	case list, mapping:
		r.reportf(e.value.at, "write a number", "%s is %s, a number is wanted", e.key, kindText(e.value))
		return 0, false
	case word:
	}
	n, err := strconv.Atoi(e.value.text)
	if err != nil || e.value.word != isInteger || n < least || n > most {
		r.refuse(e.value.at, "write a whole number, "+strconv.Itoa(least)+" or more, without quotes", "%s cannot be %s", e.key, document.Quote(e.value.text))
		return 0, false
	}
	return n, true
}

// yesNo reads true or false as Ruby does.
func (r *ruleReader) yesNo(e entry) (value, ok bool) {
	if e.value.kind == list || e.value.kind == mapping {
		r.reportf(e.value.at, "write true or false", "%s is %s", e.key, kindText(e.value))
		return false, false
	}
	if e.value.kind == null || e.value.word != isBool {
		r.refuse(e.value.at, "write true or false", "%s is neither true nor false", e.key)
		return false, false
	}
	return slices.Contains([]string{"true", "yes", "on"}, strings.ToLower(e.value.text)), true
}

// words reads a list of words, or one word for a list of one, as the gem does. An empty list is none.
func (r *ruleReader) words(e entry) ([]string, bool) {
	switch e.value.kind {
	case mapping:
		r.reportf(e.value.at, "write a list: [a, b]", "%s is a mapping, a list is wanted; what has braces or a colon and a blank needs quotes", e.key)
		return nil, false
	case null, word:
		text, ok := r.text(e)
		return []string{text}, ok
	case list:
	}
	var all []string
	good := true
	for _, n := range e.value.items {
		if !r.step(n.at) {
			return nil, false
		}
		switch n.kind {
		case word:
			text, ok := r.wordText(e.key, n)
			all, good = append(all, text), good && ok
		case null:
			r.refuse(n.at, "remove it", "%s has an item that is empty", e.key)
			good = false
		case list, mapping:
			r.reportf(n.at, "write one word; what has braces or a colon and a blank needs quotes", "%s has an item that is %s", e.key, kindText(n))
			good = false
		}
	}
	return all, good
}

// labels reads names of labels.
func (r *ruleReader) labels(e entry) ([]string, bool) {
	all, good := r.words(e)
	if !good {
		return nil, false
	}
	for _, label := range all {
		good = r.labelName(e, label) && good
	}
	return all, good
}

// labelName checks the name of a label.
func (r *ruleReader) labelName(e entry, label string) bool {
	switch {
	case strings.HasPrefix(label, "~"):
		r.refuse(e.value.at, "write it without ~", "%s: %s is a reference to a label, not its name", e.key, document.Quote(label))
	case strings.Contains(label, ","):
		r.refuse(e.value.at, "write a list for several", "%s: %s has a comma, which no label can have", e.key, document.Quote(label))
	case strings.Contains(label, "#{"):
		r.refuse(e.value.at, "write the label", "%s: %s has Ruby in it, which is never run", e.key, document.Quote(label))
	case len([]rune(label)) > 255:
		r.refuse(e.value.at, "", "%s: a label has at most 255 characters", e.key)
	default:
		return true
	}
	return false
}

// near is the hint for a word that is not among the known ones.
func near(word string, known []string) string { return document.Suggest(word, known, "") }

// sortedKeys are the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
