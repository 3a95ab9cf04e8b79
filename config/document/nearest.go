package document

import "flowkeeper/rules/triage"

// Suggest is the hint for a word that is not among the known ones: the nearest one, else all of them if they are few, else other.
func Suggest(word string, known []string, other string) string {
	const few = 14
	if near := triage.Nearest(word, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	if len(known) == 0 || len(known) > few {
		return other
	}
	return "allowed: " + JoinWords(known)
}
