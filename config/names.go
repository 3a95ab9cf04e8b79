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

// line takes a literal that has to be one line of text, not empty.
func line(lit literal) (string, *flaw) {
	s, f := plainText(lit)
	switch {
	case f != nil:
		return "", f
	case strings.TrimSpace(s) == "":
		return "", flawf("", "the text is empty")
	case strings.ContainsFunc(strings.TrimSpace(s), unicode.IsControl):
		return "", flawf("write it on one line", "the text has line breaks or control characters")
	case s != strings.TrimSpace(s):
		return "", flawf("write "+quote(strings.TrimSpace(s)), "%s has blanks at its ends", quote(s))
	case utf8.RuneCountInString(s) > longestName:
		return "", flawf("", "the text is longer than %d characters", longestName)
	}
	return s, nil
}

// label takes the name of a whole label.
func label(lit literal) (string, *flaw) {
	s, f := line(lit)
	switch {
	case f != nil:
		return "", f
	case strings.Contains(s, ","):
		return "", flawf("write a list for several: [a, b]", "%s has a comma, which no label can have", quote(s))
	case strings.HasPrefix(s, "~"):
		return "", flawf("write it without ~", "%s is a reference, not a name", quote(s))
	case strings.HasPrefix(s, "::") || strings.HasSuffix(s, "::"):
		return "", flawf("write scope::value", "%s is only half of a scoped label", quote(s))
	}
	return s, nil
}

// scope takes the name of a scope, what stands before the "::" of its labels.
func scope(lit literal) (string, *flaw) {
	s, f := plainText(lit)
	if f == nil && strings.HasSuffix(s, "::") && len(s) > len("::") {
		return "", flawf("write "+strings.TrimSuffix(s, "::"), "a scope is written without the :: at its end")
	}
	return label(lit)
}

// groupLabel takes a label or nothing.
func groupLabel(lit literal) (string, *flaw) {
	if lit.typ == isText && lit.text == "" {
		return "", nil
	}
	return label(lit)
}

// oneOfEachScope refuses a list with two labels of one scope: an issue cannot keep both.
func oneOfEachScope(labels []string) *flaw {
	first := map[string]string{}
	for _, l := range labels {
		s := triage.Scope(l)
		if s == "" {
			continue
		}
		if other, taken := first[s]; taken {
			return flawf("keep one of them", "%s and %s have one scope, an issue can only carry one of them", quote(other), quote(l))
		}
		first[s] = l
	}
	return nil
}

var usernameForm = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)

// username takes a GitLab username. A leading @ is what people are used to and does no harm.
func username(lit literal) (string, *flaw) {
	s, f := line(lit)
	if f != nil {
		return "", f
	}
	s = strings.TrimPrefix(s, "@")
	if !usernameForm.MatchString(s) {
		return "", flawf("write the name behind the @ of the profile", "%s is not a username", quote(s))
	}
	return s, nil
}

var projectPath = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$`)

// project takes the full path or the numeric id of a project.
func project(lit literal) (string, *flaw) {
	const hint = "write the full path, group/project, or the numeric id"
	if onlyDigits.MatchString(lit.text) && lit.typ != isBool {
		if strings.ContainsAny(lit.text, "-.") || strings.HasPrefix(lit.text, "0") {
			return "", flawf(hint, "%s is not a project id", quote(lit.text))
		}
		return lit.text, nil
	}
	s, f := line(lit)
	switch {
	case f != nil:
		return "", f
	case strings.Contains(s, "://"):
		return "", flawf(hint, "%s is a URL", quote(s))
	case strings.HasSuffix(s, ".git"):
		return "", flawf("write "+strings.TrimSuffix(s, ".git"), "%s is the address of a repository", quote(s))
	case !projectPath.MatchString(s):
		return "", flawf(hint, "%s is not the path of a project", quote(s))
	}
	return s, nil
}

// longestPrefix bounds the word of the bot's commands.
const longestPrefix = 30

var prefixForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// prefix takes the word with which the bot's commands begin.
func prefix(lit literal) (string, *flaw) {
	s, f := line(lit)
	switch {
	case f != nil:
		return "", f
	case strings.HasPrefix(s, "/"):
		return "", flawf("write "+quote(strings.TrimPrefix(s, "/")), "the word is written without the slash")
	case triage.IsQuickAction(strings.ToLower(s)):
		return "", flawf(`choose another, such as "flow"`, "/%s is a quick action of GitLab, which would never reach the bot", strings.ToLower(s))
	case strings.ToLower(s) != s:
		return "", flawf("write "+quote(strings.ToLower(s)), "the word is written in lower case; people may write it as they like")
	case !prefixForm.MatchString(s) || len(s) > longestPrefix:
		return "", flawf("", "%s is not a word of a-z, 0-9, - and _ that begins with a letter and has at most %d characters", quote(s), longestPrefix)
	}
	return s, nil
}
