package command

import "strings"

// frontMatter is the length of the front matter that a text begins with, in bytes, 0 if there is none. GitLab shows it as code: a line
// of three signs, maybe with the name of a language, and all lines up to the next one of the same signs.
func frontMatter(text string) int {
	fence, read := "", 0
	for line := range strings.Lines(text) {
		read += len(line)
		line = strings.TrimRight(line, " \t\n")
		switch {
		case fence == "" && line == "":
			continue
		case fence == "":
			if fence = opensFrontMatter(line); fence == "" {
				return 0
			}
		case line == fence || line == "...":
			return read
		}
	}
	return 0
}

// opensFrontMatter gives the signs that close the front matter which a line opens, "" if it opens none.
func opensFrontMatter(line string) string {
	for _, fence := range []string{"---", "+++", ";;;"} {
		language, ok := strings.CutPrefix(line, fence)
		if ok && !strings.ContainsAny(strings.TrimLeft(language, " \t"), " \t") {
			return fence
		}
	}
	return ""
}
