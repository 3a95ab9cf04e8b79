package note

import (
	"slices"
	"strings"
	"unicode"

	"flowkeeper/bot/legible"
)

// wordJoiner is U+2060, the word joiner: it shows nothing and allows no line break. GitLab looks for references in the rendered text, where
// a backslash is gone; a sigil followed by this character is none of its references.
const wordJoiner = '\u2060'

const (
	// special characters are escaped: they mean something to Markdown or to GitLab wherever they stand.
	special = "\\`*_[]<>#!|~$&@%^{}"
	// sigils begin GitLab's references and marks. "[" stands for [[page]], [vulnerability:1] and [+ diff +], "{" for {+ diff +},
	// "*" for *iteration:1.
	sigils = "@#!~%$&^*[{"
)

// Escape makes untrusted text harmless on one line of Markdown, also at the line's beginning: it shows the words as they were written, but
// mentions nobody, refers to nothing, links nowhere, formats nothing and is no quick action. Line ends, control characters and runs of
// blanks become one blank; characters that cannot be seen are left out. At most limit runes are shown, the last one an ellipsis if
// something is missing. It must be separated from other text by a blank, a quotation mark or the like: texts that touch each other may
// form a reference together. Inside a code span or an HTML block it would not be harmless.
func Escape(s string, limit int) string {
	text := visible(s, limit)
	var b strings.Builder
	b.Grow(len(text) + len(text)/2)
	for i, r := range text {
		if strings.ContainsRune(special, r) || startsBlock(text, i) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if needsJoiner(text, i) {
			b.WriteRune(wordJoiner)
		}
	}
	return b.String()
}

// visible is what of s can be seen, on one line, in at most limit runes.
func visible(s string, limit int) []rune { return legible.Visible(s, limit, isBlank) }

// isBlank is true of white space, line ends of every kind and control characters.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// startsBlock reports whether the character at i would begin a list, a rule, a heading's underline or a quick action if the text were
// at a line's start. The characters of other blocks are escaped wherever they stand.
func startsBlock(text []rune, i int) bool {
	switch text[i] {
	case '/', '-', '+', '=', ':':
		return i == 0
	case '.', ')':
		return i > 0 && !slices.ContainsFunc(text[:i], isNoDigit)
	}
	return false
}

// needsJoiner reports whether a word joiner must stand between the character at i and its successor. One stands after a sigil at the end, too,
// because other text may follow.
func needsJoiner(text []rune, i int) bool {
	r, next := text[i], rune(0)
	if i+1 < len(text) {
		next = text[i+1]
	}
	switch {
	case strings.ContainsRune(sigils, r):
		return next != ' '
	case r == ':':
		return next == '/' || !endsWord(text[:i]) && namesEmoji(text[i+1:])
	case isHex(r) && isHex(next):
		return hexBefore(text[:i+1])%safeHex == 0 && hexBefore(text[:i+1])+hexAfter(text[i+1:]) > safeHex
	case r == '.':
		return i >= 3 && strings.EqualFold(string(text[i-3:i]), "www")
	case r == '-':
		return isDigit(next) && followsKey(text[:i])
	}
	return false
}

// followsKey reports whether the text ends in what may be a project key of an external issue tracker, as in ABC-12 or GL-3. Jira would comment on
// the issue of that name.
func followsKey(text []rune) bool {
	for _, r := range slices.Backward(text) {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			return true
		case r != '_' && !isDigit(r):
			return false
		}
	}
	return false
}

// endsWord reports whether the text ends in a letter, a digit or a colon, after which no emoji name can begin.
func endsWord(text []rune) bool {
	if len(text) == 0 {
		return false
	}
	last := text[len(text)-1]
	return unicode.IsLetter(last) || unicode.IsNumber(last) || last == ':' && len(text) > 1
}

// namesEmoji reports whether the text after a colon makes it an emoji: ":tada:", or ":tada" at the end, where another colon may follow.
func namesEmoji(rest []rune) bool {
	end := slices.IndexFunc(rest, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || isDigit(r) || strings.ContainsRune("_+-", r))
	})
	return end > 0 && rest[end] == ':' || end < 0 && len(rest) > 0
}

// safeHex is how many hexadecimal digits in a row GitLab does not take for a commit: one less than the shortest id that it recognises.
const safeHex = 6

func isHex(r rune) bool { return isDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' }

// hexBefore and hexAfter count the hexadecimal digits at the end and at the beginning of a text, as far as a commit's name can reach.
func hexBefore(text []rune) int {
	n := 0
	for n < len(text) && isHex(text[len(text)-1-n]) {
		n++
	}
	return n
}

func hexAfter(text []rune) int {
	n := 0
	for n <= safeHex && n < len(text) && isHex(text[n]) {
		n++
	}
	return n
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isNoDigit(r rune) bool { return !isDigit(r) }
