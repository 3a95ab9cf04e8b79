package planning

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// leastWords is how many words that mean something two titles must have in common to be taken for the same.
const leastWords = 3

// newerOfPairs are the issues whose titles have the same words as that of an older one, with that one. An issue is in one pair only. Confidential issues
// are in none: a pair would tell their titles.
func newerOfPairs(all []*work) []*work {
	byWords := map[string][]*work{}
	for _, w := range all {
		if words := titleWords(w.i.Title); len(words) >= leastWords && !w.i.Confidential {
			key := strings.Join(words, " ")
			byWords[key] = append(byWords[key], w)
		}
	}
	var newer []*work
	for _, same := range byWords {
		slices.SortFunc(same, func(a, b *work) int { return cmp.Or(a.i.CreatedAt.Compare(b.i.CreatedAt), byNumber(a.i, b.i)) })
		for n := 1; n < len(same); n += 2 {
			newer = append(newer, &work{i: same[n].i, in: same[n].in, like: same[n-1].i})
		}
	}
	return newer
}

// filler are words that say nothing of what a title is about.
var filler = map[string]bool{
	"a": true, "an": true, "and": true, "are": true, "at": true, "be": true, "by": true, "for": true, "from": true, "in": true, "is": true, "it": true,
	"of": true, "on": true, "or": true, "the": true, "to": true, "when": true, "with": true,
}

// titleWords are the words of a title that say what it is about, each once, in order.
func titleWords(title string) []string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	words = slices.DeleteFunc(words, func(w string) bool { return filler[w] })
	slices.Sort(words)
	return slices.Compact(words)
}
