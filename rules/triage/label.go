package triage

import (
	"strconv"
	"strings"
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

// WeightLabel is the label that carries a weight of one side: "backend-weight::3".
func WeightLabel(side string, weight int) string {
	return Scoped(side+"-weight", strconv.Itoa(weight))
}

// fold brings a label to the form in which spellings are compared: lower case, no blanks at the ends or around "::".
func fold(label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	if !strings.Contains(label, "::") {
		return label
	}
	parts := strings.Split(label, "::")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return strings.Join(parts, "::")
}

// Quoted writes a label the way GitLab references it: ~UX or ~"needs research".
func Quoted(label string) string {
	if strings.ContainsAny(label, " :,") {
		return `~"` + label + `"`
	}
	return "~" + label
}
