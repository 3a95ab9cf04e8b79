package demo

import (
	"regexp"
	"slices"
	"strings"

	"flowkeeper/bot/report/document"
)

// shownSections are how many lists of a new report are told; the others are left out.
const shownSections = 2

var (
	escape   = regexp.MustCompile(`\\([[:punct:]])`)
	hidden   = regexp.MustCompile(`<!--.*?-->`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// narrateReport prints a report that was opened, or those of its lines that are new.
func (s *stage) narrateReport(v view) {
	if !strings.Contains(v.Description, document.MarkerPrefix) || v.Description == s.told.report {
		return
	}
	if s.told.report == "" {
		s.printf("the bot opens %q, for @%s, due on %s:", v.Title, strings.Join(v.Assignees, " and @"), v.Due)
		sections := 0
		for _, line := range reportLines(v.Description) {
			if strings.HasPrefix(line, "### ") {
				sections++
			}
			if sections > shownSections {
				s.printf("  | …")
				break
			}
			s.printf("%s", strings.TrimRight("  | "+line, " "))
		}
		return
	}
	before := reportLines(s.told.report)
	s.printf("the bot edits the report:")
	for _, line := range reportLines(v.Description) {
		if !slices.Contains(before, line) {
			s.printf("  | %s", line)
		}
	}
}

// reportLines are the lines of a report as people see them, above its fold: without marks and addresses.
func reportLines(description string) []string {
	above, _, _ := strings.Cut(description, "<details>")
	var lines []string
	for line := range strings.Lines(hidden.ReplaceAllString(above, "")) {
		line = escape.ReplaceAllString(linkText.ReplaceAllString(strings.TrimSpace(line), "$1"), "$1")
		line = plain.Replace(line)
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return slices.Clip(lines[:max(len(lines)-1, 0)])
}
