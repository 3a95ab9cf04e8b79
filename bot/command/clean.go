package command

import (
	"strings"
	"unicode"

	"flowkeeper/bot/legible"
)

// unindent takes what cannot be seen away from the beginning of a line. It is not ok if the line stands so far in that it is meant as
// code, also where Markdown takes it for the continuation of a paragraph.
func unindent(line string) (rest string, ok bool) {
	blanks := 0
	for i, r := range line {
		switch {
		case r == '\t':
			return "", false
		case unicode.IsSpace(r):
			if blanks++; blanks > 3 {
				return "", false
			}
		case !legible.Invisible(r):
			return line[i:], true
		}
	}
	return "", false
}

// endsWord reports whether a word ends before rest. The prefix itself must be written without invisible characters: whoever puts one
// into it does not want it to be a command.
func endsWord(rest string) bool {
	for _, r := range rest {
		if !legible.Invisible(r) {
			return unicode.IsSpace(r) || r == '.' && cleanArgument(rest) == ""
		}
	}
	return true
}

// cleanArgument brings an argument to one line of what can be seen, without a full stop at its end.
func cleanArgument(s string) string {
	return withoutFullStop(string(legible.Visible(s, len(s), unicode.IsSpace)))
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
