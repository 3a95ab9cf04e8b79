package policy

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// Fight is two rules, or one with itself, of which one takes back what the other wants. In mode act, every issue that Example describes ends with an
// error.
type Fight struct {
	A, B    Rule // the same for one that fights itself
	What    string
	Example string // such an issue, in words: "an issue with ~bug"
}

// String tells the fight in a sentence.
func (f Fight) String() string {
	if f.A.ID == f.B.ID {
		return fmt.Sprintf("%s fights itself: it %s. Example: %s", f.A.ID, f.What, f.Example)
	}
	return fmt.Sprintf("%s and %s fight: the first %s. Example: %s", f.A.ID, f.B.ID, f.What, f.Example)
}

// maxPairs bounds how many pairs of rules are tried out.
const maxPairs = 20_000

// Fights finds rules that fight, whatever their modes. It tries out rules on an issue that both ask for if one adds a label that the other removes, or
// that another of its scope replaces, or if one closes and the other reopens: each acts once, as in a decision, and then neither may want anything
// more. Labels and the state are looked at; what else conditions ask for is taken to be so unless two of them exclude each other. The same rules
// give the same fights, in the order of the rules.
func Fights(rules []Rule) []Fight {
	var fights []Fight
	for _, p := range rivals(rules) {
		a, b := &rules[p.first], &rules[p.second]
		if excluded(a, b) {
			continue
		}
		if f, ok := tryOut(a, b); ok {
			fights = append(fights, f)
		}
	}
	return fights
}

// pair is two rules by their places, the second not before the first.
type pair struct{ first, second int }

// rivals are the pairs of rules that may want different things of a label, a scope or the state.
func rivals(rules []Rule) []pair {
	type wish struct {
		rule  int
		wants string
	}
	wishes := map[string][]wish{}
	var topics []string
	note := func(topic, wants string, rule int) {
		if wishes[topic] == nil {
			topics = append(topics, topic)
		}
		wishes[topic] = append(wishes[topic], wish{rule, wants})
	}
	for n := range rules {
		a := &rules[n].Actions
		for _, l := range a.Labels {
			note("label "+l, "there", n)
			if scope := triage.Scope(l); scope != "" {
				note("scope "+scope, l, n)
			}
		}
		for _, l := range a.RemoveLabels {
			note("label "+l, "gone", n)
		}
		if a.State != "" {
			note("state", string(a.State), n)
		}
	}
	seen := map[pair]bool{}
	var pairs []pair
	for _, topic := range topics {
		for n, w := range wishes[topic] {
			for _, other := range wishes[topic][n+1:] {
				p := pair{w.rule, other.rule}
				if w.wants == other.wants || seen[p] || rules[p.first].Subject != rules[p.second].Subject || len(pairs) == maxPairs {
					continue
				}
				seen[p] = true
				pairs = append(pairs, p)
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return slices.Compare([]int{a.first, a.second}, []int{b.first, b.second}) })
	return pairs
}

// excluded reports whether the conditions of two rules cannot hold together, whatever labels there are.
func excluded(a, b *Rule) bool {
	return slices.ContainsFunc(a.When, func(c Condition) bool {
		return slices.ContainsFunc(b.When, func(d Condition) bool { return excludes(c, d) })
	})
}

// excludes reports whether two conditions cannot hold together. States are looked at when rules are tried out: actions change them.
func excludes(a, b Condition) bool {
	switch a := a.(type) {
	case InMilestone:
		b, ok := b.(InMilestone)
		return ok && a.Title != b.Title && (a.Title == MilestoneNone || b.Title == MilestoneNone)
	case Weighs:
		b, ok := b.(Weighs)
		return ok && !a.Any && !b.Any && !triage.SameWeight(a.Weight, b.Weight)
	case IsType:
		b, ok := b.(IsType)
		return ok && a.Type != b.Type
	case IsDraft:
		b, ok := b.(IsDraft)
		return ok && a.Draft != b.Draft
	case Age:
		b, ok := b.(Age)
		return ok && a.Of == b.Of && a.Older != b.Older && !a.overlaps(b)
	}
	return false
}

// overlaps reports whether something can be older than one of two ages and newer than the other.
func (c Age) overlaps(other Age) bool {
	older, newer := c, other
	if other.Older {
		older, newer = other, c
	}
	day := referenceDay
	return older.over(day).Before(newer.over(day))
}
