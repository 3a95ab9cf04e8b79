package rules

import _ "embed"

//go:embed README.md
var reference string

// Reference is all there is to know of every rule, in Markdown: what it does, its modes and options, and an example of what it decides.
// It is generated from the catalogue and the rules' scenarios; a test keeps it up to date.
func Reference() string { return reference }
