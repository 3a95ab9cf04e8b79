// Package legible makes text of people and of other programs readable and harmless to look at. Such text holds characters that show
// nothing, break lines, move a terminal's cursor or turn the direction around. What Markdown makes of the rest is not known here.
package legible

import (
	"strings"
	"unicode"
)

// Printable is the text for a terminal or a log: on one line, each character that cannot be printed replaced by one that can.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '·'
		}
		return r
	}, strings.TrimSpace(s))
}

// Cut is the text in at most so many characters; the last one is an ellipsis if something is missing.
func Cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(Shorten(runes, most))
	}
	return s
}

// Shorten cuts a text that is longer than so many characters; nothing but a letter or sign is left before the ellipsis.
func Shorten(text []rune, most int) []rune {
	text = text[:most-1]
	for len(text) > 0 && (text[len(text)-1] == ' ' || isJoiner(text[len(text)-1])) {
		text = text[:len(text)-1]
	}
	return append(text, '…')
}

// Visible is what of the text can be seen: each run of blanks is one blank, none at the ends, and characters that show nothing are left
// out. It has at most so many characters; the last one is an ellipsis if something is missing.
func Visible(s string, most int, blank func(rune) bool) []rune {
	if most < 1 {
		return nil
	}
	var text []rune
	var gap bool
	var joiner rune
	for _, r := range s {
		switch {
		case blank(r):
			gap, joiner = len(text) > 0, 0
			continue
		case isJoiner(r):
			joiner = r
			continue
		case Invisible(r):
			continue
		case gap:
			text = append(text, ' ')
		case joiner != 0 && len(text) > 0 && text[len(text)-1] > unicode.MaxASCII && r > unicode.MaxASCII:
			text = append(text, joiner)
		}
		text, gap, joiner = append(text, r), false, 0
		if len(text) > most {
			return Shorten(text, most)
		}
	}
	return text
}

// Invisible is true of characters that show nothing: control characters, marks of direction, zero-width blanks, soft hyphens, byte order
// marks, and some letters and fillers. White space is not among them.
func Invisible(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r)
}

// isJoiner is true of the two format characters that emoji and some scripts cannot be written without. Between two characters beyond ASCII
// they hide nothing that means something to GitLab.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }
