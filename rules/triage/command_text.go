package triage

import (
	"strings"
	"unicode/utf8"
)

// closing maps each opening quotation mark to the marks that may close it: “in dev”, „in dev“, »in dev«.
var closing = map[rune]string{
	'"': `"`, '\'': `'`, '`': "`´", '´': "´", '“': "”“", '”': "”", '„': "“”", '‘': "’‘", '’': "’", '‚': "‘’", '«': "»", '»': "«", '‹': "›", '›': "‹",
}

// Unquote brings a label, a state or a title as people write it in a comment to the bare name: ~"workflow::in dev", ~UX, "in dev",
// 'in dev', “in dev” and `in dev`. A quotation mark that nothing closes is no part of the name either. Marks within the name stay, as
// in don't. Text that is no single name, as `"a" and "b"`, comes back as it is.
func Unquote(arg string) string {
	whole := strings.TrimSpace(arg)
	arg = untilde(whole)
	first, size := utf8.DecodeRuneInString(arg)
	closers, quoted := closing[first]
	if !quoted {
		return withoutStrayMark(arg)
	}
	inner := strings.TrimSpace(arg[size:])
	last, size := utf8.DecodeLastRuneInString(inner)
	if inner != "" && strings.ContainsRune(closers, last) {
		inner = strings.TrimSpace(inner[:len(inner)-size])
	}
	if severalQuoted(inner, closers) {
		return whole
	}
	return untilde(inner)
}

// untilde removes GitLab's sign of a label, ~. Its rich text editor writes it as \~, so that it does not strike something out.
func untilde(arg string) string {
	if name, ok := strings.CutPrefix(strings.TrimPrefix(arg, `\`), "~"); ok {
		return strings.TrimSpace(name)
	}
	return arg
}

// withoutStrayMark takes a mark from the end that no mark opens: in dev". Apostrophes may end a word and stay.
func withoutStrayMark(arg string) string {
	for _, mark := range []string{`"`, "”", "`"} {
		if name, ok := strings.CutSuffix(arg, mark); ok && !strings.ContainsAny(name, mark+"“„") {
			return strings.TrimSpace(name)
		}
	}
	return arg
}

// severalQuoted reports whether a quotation mark closes within the text, at the end of a word: a" and "b. An apostrophe within a word does not
// count.
func severalQuoted(inner, closers string) bool {
	closed := false
	for _, r := range inner {
		if closed && strings.ContainsRune(" ,;", r) {
			return true
		}
		closed = strings.ContainsRune(closers, r)
	}
	return false
}
