package webhook

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what is kept of foreign text.
const (
	maxName = 255      // runes of a title, a label, a username: GitLab's own bound
	maxURL  = 1024     // runes of a path or URL
	maxNote = 64 << 10 // bytes of a note: commands stand in its first few lines
)

// cleanText makes text harmless for stores and logs and cuts it to a number of runes. NUL, which databases and terminals take badly,
// becomes U+FFFD, as encoding/json has already made of invalid UTF-8.
func cleanText(s string, runes int) string {
	s = withoutNUL(s)
	if len(s) <= runes {
		return s
	}
	for i := range s {
		if runes == 0 {
			return strings.Clone(s[:i]) // so that the long text can be freed
		}
		runes--
	}
	return s
}

// cleanNote is cleanText for a note, cut to a number of bytes at the beginning of a rune.
func cleanNote(s string, size int) string {
	s = withoutNUL(s)
	if len(s) <= size {
		return s
	}
	for size > 0 && !utf8.RuneStart(s[size]) {
		size--
	}
	return strings.Clone(s[:size])
}

func withoutNUL(s string) string {
	return strings.ReplaceAll(s, "\x00", string(utf8.RuneError))
}
