package triage

import (
	"slices"
	"strings"
)

// inOwnWords is a text about states: the handbook's where its workflow is in force, else own, in which {done} stands for the name of the first state
// that means done and {in done} for how a sentence says that an issue is there.
func (w *Workflow) inOwnWords(handbook, own string) string {
	if w.IsHandbook() {
		return handbook
	}
	for _, m := range Meanings() {
		name, where := "a state that means "+m.String(), "in a state that means "+m.String()
		if w.Has(m) {
			s := w.states[w.first[m]]
			name, where = s.Name, s.Where
		}
		own = strings.NewReplacer("{"+m.String()+"}", name, "{in "+m.String()+"}", where).Replace(own)
	}
	return own
}

// noStateMeans begins what is said of a meaning that no state has.
const noStateMeans = "the team's workflow has no state that means "

// without says that no state has one of the meanings of a list, "" if of every list one has.
func (w *Workflow) without(lists [][]Meaning) string {
	for _, meanings := range lists {
		if !slices.ContainsFunc(meanings, w.Has) {
			if len(meanings) == 1 {
				return w.elsewhere[meanings[0]]
			}
			names := make([]string, len(meanings))
			for n, m := range meanings {
				names[n] = m.String()
			}
			last := len(names) - 1
			return noStateMeans + strings.Join(names[:last], ", ") + " or " + names[last]
		}
	}
	return ""
}
