package policyfile

import (
	"regexp"
	"strconv"
	"strings"

	"flowkeeper/rules/policy"
)

// rubySays finds what a line of Ruby looks at, and says what of the language looks at the same.
var rubySays = []struct {
	looksAt *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`assignee`), "nothing asks whether anybody is assigned; a label that people set can say it"},
	{regexp.MustCompile(`work_in_progress|draft`), "draft: true or draft: false"},
	{regexp.MustCompile(`labels`), "labels and forbidden_labels"},
	{regexp.MustCompile(`created_at|updated_at|merged_at`), "date"},
	{regexp.MustCompile(`\bauthor\b`), "author_username"},
	{regexp.MustCompile(`milestone`), "milestone"},
	{regexp.MustCompile(`weight`), "weight"},
	{regexp.MustCompile(`upvotes|downvotes`), "votes"},
	{regexp.MustCompile(`user_notes_count`), "discussions"},
	{regexp.MustCompile(`source_branch`), "source_branch"},
	{regexp.MustCompile(`target_branch`), "target_branch"},
	{regexp.MustCompile(`title|description`), "nothing looks at titles and descriptions; a label can say what they say"},
	{regexp.MustCompile(`task_completion_status|has_conflicts|merge_status`), "nothing looks at tasks or conflicts"},
}

var (
	// noneOfLabels is the line of Ruby that says the same as forbidden_labels.
	noneOfLabels = regexp.MustCompile(`^labels\.none\?\s*\{\s*\|(\w+)\|\s*(?:(?:\s*\|\|\s*)?\w+\.name\s*==\s*(?:'[^']*'|"[^"]*"))+\s*\}$`)
	quotedRuby   = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
)

func readRuby(r *ruleReader, e entry) policy.Condition {
	r.refuse(e.at, insteadOfRuby(e.value.text), "Ruby is never run")
	return nil
}

// insteadOfRuby says what of the language looks at what a line of Ruby looks at.
func insteadOfRuby(line string) string {
	if line = strings.TrimSpace(line); noneOfLabels.MatchString(line) {
		var labels []string
		for _, m := range quotedRuby.FindAllStringSubmatch(line, -1) {
			labels = append(labels, strconv.Quote(m[1]+m[2]))
		}
		return "forbidden_labels: [" + strings.Join(labels, ", ") + "]"
	}
	var instead []string
	for _, s := range rubySays {
		if s.looksAt.MatchString(line) {
			instead = append(instead, s.instead)
		}
	}
	if len(instead) == 0 {
		return "a condition of the language, or a label that people set"
	}
	return strings.Join(instead, "; ")
}
