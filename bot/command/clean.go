package command

import (
	"strings"
	"unicode"
)

// unindent takes what cannot be seen away from the beginning of a line. It is not ok if the line stands so far in that it is meant as
// code, also where Markdown takes it for the continuation of a paragraph.
func unindent(line string) (rest string, ok bool) {
	blanks := 0
	for i, r := range line {
		switch {
		case r == '\t':
			return "", false
		case isBlank(r):
			if blanks++; blanks > 3 {
				return "", false
			}
		case !isInvisible(r):
			return line[i:], true
		}
	}
	return "", false
}

// endsWord reports whether a word ends before rest. The prefix itself must be written without invisible characters: whoever puts one
// into it does not want it to be a command.
func endsWord(rest string) bool {
	for _, r := range rest {
		if !isInvisible(r) {
			return isBlank(r) || r == '.' && clean(rest) == ""
		}
	}
	return true
}

// clean brings an argument to one line of what can be seen, without a full stop at its end.
func clean(s string) string {
	var b strings.Builder
	var gap bool
	var last, joiner rune
	for _, r := range s {
		switch {
		case isBlank(r):
			gap, joiner = b.Len() > 0, 0
			continue
		case isJoiner(r):
			joiner = r
			continue
		case isInvisible(r):
			continue
		case gap:
			b.WriteByte(' ')
		case joiner != 0 && last > unicode.MaxASCII && r > unicode.MaxASCII:
			b.WriteRune(joiner)
		}
		b.WriteRune(r)
		last, gap, joiner = r, false, 0
	}
	return withoutFullStop(b.String())
}

// withoutFullStop takes the end of a sentence away, but not that of an ellipsis.
func withoutFullStop(s string) string {
	bare, ok := strings.CutSuffix(s, ".")
	if !ok || strings.HasSuffix(bare, ".") {
		return s
	}
	return strings.TrimSuffix(bare, " ")
}

// withoutHardBreak takes the backslash away with which a line other than the last of its paragraph asks for a line break.
func withoutHardBreak(line string) string {
	bare := strings.TrimRight(line, `\`)
	if (len(line)-len(bare))%2 == 1 {
		return line[:len(line)-1]
	}
	return line
}

// isBlank is true of white space of every kind.
func isBlank(r rune) bool { return unicode.IsSpace(r) }

// isJoiner is true of the two format characters that emoji and some scripts cannot be spelled without.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// isInvisible is true of characters that show nothing: control characters, marks of direction, zero-width blanks, soft hyphens, byte
// order marks, and some letters and fillers.
func isInvisible(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r)
}
