package command

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxQuoted bounds what is read of a comment, in bytes. Markdown takes time that can grow faster than the text; this much of the worst
	// text takes half a second, and commands stand in the first lines of a comment or in the last ones of a short one.
	maxText = 64 << 10
	// maxNesting bounds the quotes and lists that one line may open. Parsing takes the square of it, and nobody quotes that deep. A
	// comment is read up to such a line.
	maxNesting = 100
)

// readablePart is the part of a comment that is read. It has no carriage returns, which GitLab drops, and what is no text is shown by U+FFFD,
// as Markdown does.
func readablePart(comment string) string {
	text := strings.ReplaceAll(comment[:min(len(comment), maxText)], "\r", "")
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(utf8.RuneError)), "\x00", string(utf8.RuneError))
	end := shallowLength(text)
	// Whoever stored the comment may have cut it, too, at the beginning of a character.
	if end < len(text) || len(comment) > maxText-utf8.UTFMax {
		// The end of the last paragraph may be missing, and with it that of a code span around a line.
		end = strings.LastIndex(text[:end], "\n\n") + 1
	}
	return text[:end]
}

// shallowLength is the length of a text before the first line that nests too deep.
func shallowLength(text string) int {
	read := 0
	for line := range strings.Lines(text) {
		if nestingDepth(line) > maxNesting {
			break
		}
		read += len(line)
	}
	return read
}

// nestingDepth counts the quotes, list items, descriptions and footnotes that a line may open within each other, up to one too many.
func nestingDepth(line string) int {
	for n := range maxNesting + 1 {
		line = strings.TrimLeft(line, " \t0123456789")
		switch {
		case strings.HasPrefix(line, ">"):
			line = line[1:]
		case strings.HasPrefix(line, "[^") && strings.Contains(line, "]:"):
			line = line[strings.Index(line, "]:")+2:]
		case len(line) > 1 && strings.Contains("-+*.):", line[:1]) && strings.Contains(" \t", line[1:2]):
			line = line[1:]
		default:
			return n
		}
	}
	return maxNesting + 1
}
