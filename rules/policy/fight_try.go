package policy

import (
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// referenceDay is a day from which intervals are compared with each other.
var referenceDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// sketch is an issue or a merge request of which only its labels and its state are known, and whether a rule has changed it.
type sketch struct {
	issue   triage.Issue // its labels
	state   State
	touched bool
}

// maxSketches bounds on how many issues two rules are tried out.
const maxSketches = 64

// tryOut has two rules act on issues that both ask for, and gives the first on which they fight.
func tryOut(a, b *Rule) (Fight, bool) {
	for _, s := range sketches(a, b) {
		if first, second, what, ok := s.fight(a, b); ok {
			return Fight{A: *first, B: *second, What: what, Example: s.String()}, true
		}
	}
	return Fight{}, false
}

// sketches are issues that two rules ask for, those with few labels first: without what the rules add, and then with it.
func sketches(a, b *Rule) []sketch {
	added := slices.Concat(a.Actions.Labels, b.Actions.Labels)
	var without, with []sketch
	for _, asked := range askedLabels(append(slices.Clip(a.When), b.When...)) {
		bare := slices.DeleteFunc(slices.Clone(asked), func(l string) bool { return slices.Contains(added, l) })
		for _, state := range []State{Opened, Closed, Merged} {
			if state == Merged && a.Subject != triage.SubjectMergeRequest {
				continue
			}
			without = append(without, sketch{issue: triage.Issue{Labels: bare}, state: state})
			if len(bare) < len(asked) && isPossible(asked) {
				with = append(with, sketch{issue: triage.Issue{Labels: asked}, state: state})
			}
		}
		if len(without)+len(with) > maxSketches {
			break
		}
	}
	without = slices.DeleteFunc(without, func(s sketch) bool { return !isPossible(s.issue.Labels) })
	return append(without, with...)
}

// isPossible reports whether labels can be on one issue: of each scope there is one.
func isPossible(labels []string) bool {
	for n, l := range labels {
		if slices.ContainsFunc(labels[n+1:], triage.AddLabel{Label: l}.Excludes) {
			return false
		}
	}
	return true
}

// askedLabels are the sets of labels that conditions ask for, each in its order: of lists, one has to be there.
func askedLabels(conditions []Condition) [][]string {
	sets := [][]string{nil}
	for _, c := range conditions {
		var choices [][]string
		switch c := c.(type) {
		case HasLabels:
			choices = c.AnyOf
		case AnyOf:
			for _, list := range c.Lists {
				choices = append(choices, askedLabels(list)...)
			}
		}
		if len(choices) == 0 {
			continue
		}
		var more [][]string
		for _, set := range sets {
			for _, choice := range choices {
				if len(more) == maxSketches {
					break
				}
				more = append(more, withLabels(set, choice))
			}
		}
		sets = more
	}
	return sets
}

// withLabels is a set of labels and more, each once. The words for any label and for none are no labels.
func withLabels(set, more []string) []string {
	all := slices.Clone(set)
	for _, l := range more {
		if l != None && l != Any && !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// fight has each of two rules act once, in their order, as long as one of them has something to do. They fight if one would then have to act
// again: first is the rule that adds or closes, second the one that takes that back.
func (s sketch) fight(a, b *Rule) (first, second *Rule, what string, ok bool) {
	rules, acted := []*Rule{a, b}, [2]bool{}
	for again := true; again; {
		again = false
		for n, r := range rules {
			if !acted[n] && s.fits(r.When) && s.undone(r) != nil {
				s, acted[n], again = s.after(r), true, true
			}
			if w := s.undone(r); a == b && acted[n] && w != nil {
				return a, b, againstItself(w), true
			}
		}
	}
	for n, r := range rules {
		if acted[n] && s.fits(r.When) {
			if w := s.undone(r); w != nil {
				return inWords(w, r, rules[1-n])
			}
		}
	}
	return nil, nil, "", false
}

// againstItself says what a rule has wanted and taken back at once.
func againstItself(w triage.Action) string {
	if l := triage.LabelOf(w); triage.Scope(l) != "" {
		return "adds " + triage.Quoted(l) + ", and removes it or adds another of its scope"
	}
	return "adds and removes the same label"
}

// inWords says what one rule wants and the other has taken back.
func inWords(w triage.Action, wants, takes *Rule) (first, second *Rule, what string, ok bool) {
	switch w := w.(type) {
	case triage.RemoveLabel:
		return takes, wants, "adds " + triage.Quoted(w.Label) + " and the second removes it", true
	case triage.AddLabel:
		what = "adds " + triage.Quoted(w.Label) + " and the second removes it"
		for _, l := range takes.Actions.Labels {
			if w.Excludes(l) {
				what = "adds " + triage.Quoted(w.Label) + " and the second replaces it with " + triage.Quoted(l)
			}
		}
		return wants, takes, what, true
	case triage.Reopen:
		return takes, wants, "closes and the second reopens", true
	}
	return wants, takes, "closes and the second reopens", true
}

// fits reports whether conditions hold, as far as a sketch tells. What has been changed is not old any more.
func (s *sketch) fits(conditions []Condition) bool {
	return !slices.ContainsFunc(conditions, func(c Condition) bool {
		switch c := c.(type) {
		case InState:
			return s.state != c.State
		case HasLabels:
			return !slices.ContainsFunc(c.AnyOf, func(labels []string) bool { return hasAll(&s.issue, labels) })
		case LacksLabels:
			return slices.ContainsFunc(c.Labels, s.issue.Has)
		case OnlyLabels:
			return !slices.ContainsFunc(c.AnyOf, func(labels []string) bool { return hasAll(&s.issue, labels) && hasOnly(&s.issue, labels) })
		case Age:
			return c.Of == UpdatedAt && c.Older && s.touched
		case AnyOf:
			return !slices.ContainsFunc(c.Lists, s.fits)
		}
		return false
	})
}

// wishes are what a rule wants of what a sketch has.
func wishes(r *Rule) []triage.Action {
	var all []triage.Action
	for _, l := range r.Actions.Labels {
		all = append(all, triage.AddLabel{Label: l})
	}
	for _, l := range r.Actions.RemoveLabels {
		all = append(all, triage.RemoveLabel{Label: l})
	}
	switch r.Actions.State {
	case Opened:
		all = append(all, triage.Reopen{})
	case Closed:
		all = append(all, triage.Close{})
	case Merged, Locked:
	}
	return all
}

// undone is the first thing that a rule wants and that is not so, nil for none.
func (s *sketch) undone(r *Rule) triage.Action {
	issue := s.issue
	issue.Closed = s.state != Opened
	for _, w := range wishes(r) {
		if !w.Done(issue) {
			return w
		}
	}
	return nil
}

// after is the sketch when a rule has acted.
func (s sketch) after(r *Rule) sketch {
	for _, w := range wishes(r) {
		s.issue = w.Apply(s.issue)
	}
	if r.Actions.State != "" && s.state != Merged {
		s.state = r.Actions.State
	}
	s.touched = true
	return s
}

// String describes the issue: "a closed issue with ~bug".
func (s sketch) String() string {
	words := "an issue"
	if s.state == Closed {
		words = "a closed issue"
	}
	if s.state == Merged {
		words = "a merged merge request"
	}
	if len(s.issue.Labels) == 0 {
		return strings.Replace(words, "an issue", "any issue", 1) + " that fits"
	}
	return words + " with " + quotedList(s.issue.Labels, "and")
}
