package config

import "flowkeeper/rules/triage"

// suggest is the hint for a word that is not among the known ones: the nearest one, else all of them if they are few, else other.
func suggest(word string, known []string, other string) string {
	const few = 14
	if near := triage.Nearest(word, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	if len(known) == 0 || len(known) > few {
		return other
	}
	return "allowed: " + joinWords(known)
}
