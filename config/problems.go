package config

import "flowkeeper/config/document"

// Problem is one thing that is wrong with the configuration. Problems is everything that is wrong with it: those of files by line, then those of
// the environment. It is an error.
type (
	Problem  = document.Problem
	Problems = document.Problems
)

// What the readers of keys say often.
type (
	diagnostic = document.Diagnostic
	location   = document.Location
)

var (
	position  = document.Position
	nodeKind  = document.Kind
	quote     = document.Quote
	joinWords = document.JoinWords
	suggest   = document.Suggest
	maskText  = document.MaskText
)

// diagnosticf is a diagnostic with a formatted message and a hint, which may be empty.
func diagnosticf(hint, format string, args ...any) *diagnostic {
	return document.Diagnosticf(hint, format, args...)
}
