package policy

import (
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// Fight is two rules, or one with itself, of which one takes back what the other wants. Policies in such a fight have every issue that Example
// describes end with an error.
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

// Fights finds rules that fight under conditions that can hold together, whatever their modes. It compares only rules that name the same label, or that
// close and reopen, and it looks at the states, labels, milestones, weights and types that conditions name: what else they ask for is
// taken to be possible. The same rules give the same fights, in the order of the rules.
func Fights(rules []Rule) []Fight {
	removes, reopens := map[string][]int{}, []int(nil)
	for n, r := range rules {
		for _, l := range r.Actions.RemoveLabels {
			removes[l] = append(removes[l], n)
		}
		if r.Actions.State == Opened {
			reopens = append(reopens, n)
		}
	}
	var fights []Fight
	for n := range rules {
		a := &rules[n]
		for _, l := range a.Actions.Labels {
			for _, m := range removes[l] {
				if example, ok := together(a, &rules[m], l); ok {
					fights = append(fights, Fight{*a, rules[m], "adds " + triage.Quoted(l) + " and the second removes it", example})
				}
			}
		}
		if a.Actions.State != Closed {
			continue
		}
		for _, m := range reopens {
			if !needsState(a.When) && !needsState(rules[m].When) {
				if example, ok := together(a, &rules[m], ""); ok {
					fights = append(fights, Fight{*a, rules[m], "closes and the second reopens", example})
				}
			}
		}
	}
	for n := range fights {
		if f := &fights[n]; f.A.ID == f.B.ID {
			f.What = "adds and removes the same label"
		}
	}
	return fights
}

// needsState reports whether a rule looks at the state, which its own action then ends.
func needsState(conditions []Condition) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool { _, ok := c.(InState); return ok })
}

// together reports whether two rules can hold on one issue with and without a label, so that neither ends: the one that adds it also without it, the one
// that removes it also with it. The example is such an issue.
func together(adds, removes *Rule, label string) (example string, ok bool) {
	if adds.Subject != removes.Subject {
		return "", false
	}
	has, lacks := map[string]bool{}, map[string]bool{}
	var labels []string
	for _, r := range []*Rule{adds, removes} {
		for _, c := range r.When {
			switch c := c.(type) {
			case HasLabels:
				if len(c.AnyOf) == 0 || slices.Contains(c.AnyOf[0], None) {
					return "", false
				}
				for _, l := range c.AnyOf[0] {
					if l == label && r == adds {
						return "", false // it only holds where the label is there
					}
					if l != Any && l != label && !has[l] {
						has[l], labels = true, append(labels, l)
					}
				}
			case LacksLabels:
				for _, l := range c.Labels {
					if l == label && r == removes {
						return "", false // where the label is there it does not hold
					}
					if l != label {
						lacks[l] = true
					}
				}
			case OnlyLabels, AnyOf:
				return "", false // nothing is known of what can be together
			}
		}
	}
	for _, l := range labels {
		if lacks[l] {
			return "", false
		}
	}
	for _, c := range adds.When {
		for _, d := range removes.When {
			if excludes(c, d) {
				return "", false
			}
		}
	}
	if len(labels) == 0 {
		return "any issue that fits both", true
	}
	return "an issue with " + quotedList(labels, "and"), true
}

// excludes reports whether two conditions cannot hold together.
func excludes(a, b Condition) bool {
	switch a := a.(type) {
	case InState:
		b, ok := b.(InState)
		return ok && a.State != b.State
	case InMilestone:
		b, ok := b.(InMilestone)
		return ok && a.Title != b.Title && (a.Title == MilestoneNone || b.Title == MilestoneNone)
	case Weighs:
		b, ok := b.(Weighs)
		return ok && !a.Any && !b.Any && !triage.SameWeight(a.Weight, b.Weight)
	case IsType:
		b, ok := b.(IsType)
		return ok && a.Type != b.Type
	case Age:
		b, ok := b.(Age)
		return ok && a.Of == b.Of && a.Older != b.Older
	}
	return false
}
