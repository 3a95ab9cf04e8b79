package config

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"flowkeeper/rules/triage"
)

// longestName is the length in characters to which GitLab bounds label titles and usernames.
const longestName = 255

// parseTextLine reads a literal that has to be one line of text, not empty.
func parseTextLine(lit literal) (string, *diagnostic) {
	s, f := parsePlainText(lit)
	switch {
	case f != nil:
		return "", f
	case strings.TrimSpace(s) == "":
		return "", diagnosticf("", "the text is empty")
	case strings.ContainsFunc(strings.TrimSpace(s), unicode.IsControl):
		return "", diagnosticf("write it on one line", "the text has line breaks or control characters")
	case s != strings.TrimSpace(s):
		return "", diagnosticf("write "+quote(strings.TrimSpace(s)), "%s has blanks at its ends", quote(s))
	case utf8.RuneCountInString(s) > longestName:
		return "", diagnosticf("", "the text is longer than %d characters", longestName)
	}
	return s, nil
}

// parseLabel reads the name of a whole label.
func parseLabel(lit literal) (string, *diagnostic) {
	s, f := parseTextLine(lit)
	switch {
	case f != nil:
		return "", f
	case strings.Contains(s, ","):
		return "", diagnosticf("write a list for several: [a, b]", "%s has a comma, which no label can have", quote(s))
	case strings.HasPrefix(s, "~"):
		return "", diagnosticf("write it without ~", "%s is a reference, not a name", quote(s))
	case strings.HasPrefix(s, "::") || strings.HasSuffix(s, "::"):
		return "", diagnosticf("write scope::value", "%s is only half of a scoped label", quote(s))
	}
	return s, nil
}

// parseScope reads the name of a scope, what stands before the "::" of its labels.
func parseScope(lit literal) (string, *diagnostic) {
	s, f := parsePlainText(lit)
	if f == nil && strings.HasSuffix(s, "::") && len(s) > len("::") {
		return "", diagnosticf("write "+strings.TrimSuffix(s, "::"), "a scope is written without the :: at its end")
	}
	return parseLabel(lit)
}

// parseWorkflowScope reads the scope of the workflow's labels; an empty text is none.
func parseWorkflowScope(lit literal) (string, *diagnostic) {
	if lit.typ == isText && lit.text == "" {
		return "", nil
	}
	return parseScope(lit)
}

// parseGroupLabel reads a label; an empty text is none.
func parseGroupLabel(lit literal) (string, *diagnostic) {
	if lit.typ == isText && lit.text == "" {
		return "", nil
	}
	return parseLabel(lit)
}

// checkOnePerScope refuses a list with two labels of one scope: an issue cannot keep both.
func checkOnePerScope(labels []string) *diagnostic {
	first := map[string]string{}
	for _, l := range labels {
		s := triage.Scope(l)
		if s == "" {
			continue
		}
		if other, taken := first[s]; taken {
			return diagnosticf("keep one of them", "%s and %s have one scope, an issue can only carry one of them", quote(other), quote(l))
		}
		first[s] = l
	}
	return nil
}

var usernameForm = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)

// parseUsername reads a GitLab username. A leading @ is what people are used to and does no harm.
func parseUsername(lit literal) (string, *diagnostic) {
	s, f := parseTextLine(lit)
	if f != nil {
		return "", f
	}
	s = strings.TrimPrefix(s, "@")
	if !usernameForm.MatchString(s) {
		return "", diagnosticf("write the name behind the @ of the profile", "%s is not a username", quote(s))
	}
	return s, nil
}

var projectPath = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$`)

// parseProject reads the full path or the numeric id of a project.
func parseProject(lit literal) (string, *diagnostic) {
	const hint = "write the full path, group/project, or the numeric id"
	if onlyDigits.MatchString(lit.text) && lit.typ != isBool {
		if strings.ContainsAny(lit.text, "-.") || strings.HasPrefix(lit.text, "0") {
			return "", diagnosticf(hint, "%s is not a project id", quote(lit.text))
		}
		return lit.text, nil
	}
	s, f := parseTextLine(lit)
	switch {
	case f != nil:
		return "", f
	case strings.Contains(s, "://"):
		return "", diagnosticf(hint, "%s is a URL", quote(s))
	case strings.HasSuffix(s, ".git"):
		return "", diagnosticf("write "+strings.TrimSuffix(s, ".git"), "%s is the address of a repository", quote(s))
	case !projectPath.MatchString(s):
		return "", diagnosticf(hint, "%s is not the path of a project", quote(s))
	}
	return s, nil
}

var groupPath = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*$`)

// parseGroup reads the full path or the numeric id of a group.
func parseGroup(lit literal) (string, *diagnostic) {
	if onlyDigits.MatchString(lit.text) && lit.typ != isBool {
		return parseProject(lit) // ids look alike
	}
	s, f := parseTextLine(lit)
	switch {
	case f != nil:
		return "", f
	case !groupPath.MatchString(s):
		return "", diagnosticf("write the full path, group/subgroup, or the numeric id", "%s is not the path of a group", quote(s))
	}
	return s, nil
}

// longestPrefix bounds the word of the bot's commands.
const longestPrefix = 30

var prefixForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// parsePrefix reads the word with which the bot's commands begin.
func parsePrefix(lit literal) (string, *diagnostic) {
	s, f := parseTextLine(lit)
	switch {
	case f != nil:
		return "", f
	case strings.HasPrefix(s, "/"):
		return "", diagnosticf("write "+quote(strings.TrimPrefix(s, "/")), "the word is written without the slash")
	case triage.IsQuickAction(strings.ToLower(s)):
		return "", diagnosticf(`choose another, such as "flow"`, "/%s is a quick action of GitLab, which would never reach the bot", strings.ToLower(s))
	case strings.ToLower(s) != s:
		return "", diagnosticf("write "+quote(strings.ToLower(s)), "the word is written in lower case; people may write it as they like")
	case !prefixForm.MatchString(s) || len(s) > longestPrefix:
		return "", diagnosticf("", "%s is not a word of a-z, 0-9, - and _ that begins with a letter and has at most %d characters", quote(s), longestPrefix)
	}
	return s, nil
}
