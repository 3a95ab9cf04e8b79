package triage

import "strings"

// Nearest is the known word that was probably meant by a mistyped one, "" if none is close. Case and separators do not count.
func Nearest(word string, known []string) string {
	const longest = 80 // nobody mistypes a word into a paragraph
	if word == "" || len(word) > longest {
		return ""
	}
	best, bestAt := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := distance(sameSeparators(word), sameSeparators(k)); d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

// sameSeparators makes case and the choice of separator not count.
func sameSeparators(word string) string {
	return strings.NewReplacer("_", "-", " ", "-", ".", "-").Replace(strings.ToLower(word))
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(y)]
}
