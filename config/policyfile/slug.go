package policyfile

import (
	"strconv"
	"strings"
	"unicode"

	"flowkeeper/rules/policy"
)

// longestSlug bounds what of a name goes into the id, in characters.
const longestSlug = 80

// slugs gives out ids, each once. It counts how often each was asked for.
type slugs map[string]int

// next is the id of the rule of this name, or of the nth rule of its list if it has none.
func (s slugs) next(name string, n int) string {
	slug := slugOf(name)
	if slug == "" {
		slug = "rule-" + strconv.Itoa(n)
	}
	for {
		s[slug]++
		if s[slug] == 1 {
			return policy.Prefix + slug
		}
		if again := slug + "-" + strconv.Itoa(s[slug]); s[again] == 0 {
			s[again] = 1
			return policy.Prefix + again
		}
	}
}

// slugOf is a name in lower case, with a dash in the place of whatever is neither letter nor digit.
func slugOf(name string) string {
	var b strings.Builder
	count, gap := 0, false
	for _, r := range strings.ToLower(name) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if count++; count > longestSlug {
			break
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
