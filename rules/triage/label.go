package triage

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Scope is the part of a label before its last "::", or "" for a label without one: "a::b::c" has the scope "a::b".
func Scope(label string) string {
	if i := strings.LastIndex(label, "::"); i > 0 {
		return label[:i]
	}
	return ""
}

// Value is the part of a label behind its last "::", or the whole label if it has no scope.
func Value(label string) string {
	if i := strings.LastIndex(label, "::"); i > 0 {
		return label[i+2:]
	}
	return label
}

// Scoped joins a scope and a value: "workflow::start".
func Scoped(scope, value string) string { return scope + "::" + value }

// fold brings a label to the form in which spellings are compared: lower case, no blanks at the ends or around "::".
func fold(label string) string { return string(appendFolded(nil, label)) }

// SameSpelling reports whether two labels differ in case and blanks only, or not at all.
func SameSpelling(a, b string) bool { return fold(a) == fold(b) }

// appendFolded appends the folded label to dst. It is called for every label of every issue, so it does not allocate for plain ones.
func appendFolded(dst []byte, label string) []byte {
	for {
		part, rest, more := strings.Cut(label, "::")
		for _, r := range strings.TrimSpace(part) {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		if !more {
			return dst
		}
		dst = append(dst, "::"...)
		label = rest
	}
}

// bare is what GitLab reads as a label's name without quotes; one that begins with a digit might be read as a label's number.
var bare = regexp.MustCompile(`^[A-Za-z_&-][A-Za-z0-9_?.&-]*$`)

// CanRefer reports whether GitLab has a way to write a reference to the label: its name holds no quotation mark.
func CanRefer(label string) bool { return !strings.Contains(label, `"`) }

// Quoted writes a label the way GitLab references it: ~UX or ~"needs research". One that cannot be referred to is named in words: “12" rack”.
func Quoted(label string) string {
	if status, is := StatusOf(label); is {
		return "the status “" + status + "”"
	}
	switch {
	case !CanRefer(label):
		return "“" + label + "”"
	case bare.MatchString(label) && !strings.HasSuffix(label, ".") && !strings.HasSuffix(label, "?"):
		return "~" + label
	}
	return `~"` + label + `"`
}

// ToLabel says how to set a label: by a quick action as a code span, or in words if GitLab cannot refer to it.
func ToLabel(label string) string {
	if status, is := StatusOf(label); is {
		return Code(`/status "` + status + `"`)
	}
	if !CanRefer(label) {
		return "the sidebar for the label " + Quoted(label)
	}
	return Code("/label " + Quoted(label))
}

// Code writes text as a Markdown code span on one line, in which GitLab resolves no references and runs no quick actions.
func Code(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '`':
			return '\''
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, text)
	return "`" + text + "`"
}
