package rules

import _ "embed"

//go:embed README.md
var reference string

// Reference is the documentation of every rule, in Markdown: what it does, its modes and options, and an example of its decisions. It is generated
// from the catalogue and the rules' scenarios; a test keeps it up to date.
func Reference() string { return reference }
