package command

import "strings"

// frontMatterLength is the length of the front matter that a text begins with, in bytes, 0 if there is none. GitLab shows it as code: a line
// of three signs, maybe with the name of a language and behind one about an encoding, and all lines up to the next one of the same signs.
// GitLab also takes a line that only begins with them; where there is another one, that closes it here: too much is code then, not too little.
func frontMatterLength(text string) int {
	fence, read, begun := "", 0, 0
	for line := range strings.Lines(text) {
		first := read == 0
		read += len(line)
		line = strings.TrimRight(line, " \t\n")
		switch {
		case fence == "" && (line == "" || first && strings.Contains(line, "coding:")):
			continue
		case fence == "":
			if fence = opensFrontMatter(line); fence == "" {
				return 0
			}
		case line == fence || line == "...":
			return read
		case begun == 0 && (strings.HasPrefix(line, fence) || strings.HasPrefix(line, "...")):
			begun = read
		}
	}
	return begun
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
