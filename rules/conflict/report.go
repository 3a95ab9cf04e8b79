package conflict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Report is what a search found and how far it looked. Of anything beyond that it says nothing.
type Report struct {
	Issues        int      // decided
	States        int      // workflow states, none aside
	Weight        int      // the highest, 0 for a team without weights
	Weights       string   // none aside, in words: "0 to 6"; "" for a team without weights
	Together      int      // particulars on one issue at most
	Labels        []string // searched as particulars
	LeftOut       []string // labels for which Bound.Labels had no room
	Circumstances []string // searched as particulars, in words
	Policies      int      // for which Bound.Policies had no room

	Conflicts []Conflict // sorted by their rules; each pair of rules once
	Unshown   int        // further conflicts
}

// Conflict is an issue on which the rules do not come to an end.
type Conflict struct {
	Issue  string           // the smallest such issue, in words
	Wishes []engine.Planned // of two rules, or of one that is never content
	Why    string           // what is wrong with them: "both cannot be"
}

// Bound says how far the search looked: "searched 130000 issues: 22 workflow states or none × …".
func (r Report) Bound() string {
	weights := "no weight"
	if r.Weights != "" {
		weights += " or " + r.Weights
	}
	s := fmt.Sprintf("searched %d issues: %d workflow states or none × %s × up to %d at a time of %d further labels "+
		"(weight labels only where there is no other weight) and %d circumstances (%s)",
		r.Issues, r.States, weights, r.Together, len(r.Labels), len(r.Circumstances), strings.Join(r.Circumstances, ", "))
	if len(r.LeftOut) > 0 {
		s += "; left out for their number: " + quotedAll(r.LeftOut)
	}
	return s
}

// String tells the conflict on several lines, the issue on the first, without a line feed at the end.
func (c Conflict) String() string {
	var b strings.Builder
	b.WriteString(c.Issue + ":\n")
	for _, w := range c.Wishes {
		fmt.Fprintf(&b, "  %s wants to %s\n", w.Rule, w.Action)
	}
	return b.String() + "  " + c.Why
}

// report shrinks what was found and puts it into words.
func (s *search) report() Report {
	r := Report{
		Issues: s.issues, States: len(s.space.states) - 1, Together: s.bound.Together,
		Labels: s.space.labels(), LeftOut: s.space.leftOut, Circumstances: s.space.circumstances(), Policies: s.policiesLeftOut,
	}
	if all := s.space.weights[1:]; len(all) > 0 {
		r.Weight, r.Weights = *all[len(all)-1], weightsInWords(all)
	}
	for _, key := range slices.Sorted(maps.Keys(s.found)) {
		if len(r.Conflicts) == s.bound.Conflicts {
			r.Unshown = len(s.found) - len(r.Conflicts)
			break
		}
		sit, c := s.shrink(s.found[key].situation, key)
		slices.SortStableFunc(c.wishes, func(a, b engine.Planned) int { return cmp.Compare(a.Rule, b.Rule) })
		r.Conflicts = append(r.Conflicts, Conflict{Issue: sit.String(), Wishes: c.wishes, Why: c.why})
	}
	return r
}

// weightsInWords names weights in rising order: "0 to 6", "1, 2, 3, 5 and 6".
func weightsInWords(weights []*int) string {
	scale := triage.Scale{}
	for _, w := range weights {
		scale.Values = append(scale.Values, *w)
	}
	if !scale.HasGaps() {
		return fmt.Sprintf("%d to %d", scale.Values[0], scale.Top())
	}
	return scale.String()
}

// shrink drops from an issue whatever the clash does not need.
func (s *search) shrink(sit situation, key string) (situation, *clash) {
	c, _ := s.decideTwice(sit)
	for again := true; again; {
		again = false
		for _, less := range sit.smaller() {
			if d, _ := s.decideTwice(less); d != nil && d.key() == key {
				sit, c, again = less, d, true
				break
			}
		}
	}
	return sit, c
}

// String describes the issue: "an issue with ~spike, weight 3, just closed".
func (t situation) String() string {
	words := []string{"an issue without labels"}
	if labels := t.labels(); len(labels) > 0 {
		words[0] = "an issue with " + quotedAll(labels)
	}
	if t.weight != nil {
		words = append(words, "weight "+strconv.Itoa(*t.weight))
	} else {
		words = append(words, "no weight")
	}
	happened := "just opened"
	for _, p := range t.set {
		switch {
		case p.event != 0:
			happened = "just " + p.words
		case p.sets != nil:
			words = append(words, p.words)
		}
	}
	return strings.Join(append(words, happened), ", ")
}

// quotedAll lists labels as GitLab references them.
func quotedAll(labels []string) string {
	quoted := make([]string, len(labels))
	for n, l := range labels {
		quoted[n] = triage.Quoted(l)
	}
	return strings.Join(quoted, " ")
}
