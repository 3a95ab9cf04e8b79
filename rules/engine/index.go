package engine

import (
	"math/bits"

	"flowkeeper/rules/triage"
)

// Index finds the policies that look at what has changed, so that an event costs nothing for all the others. It is not changed after NewIndex and may
// be shared.
type Index struct {
	settings  []Setting
	catalogue int       // how many settings come before the first policy
	policies  *policies // nil if there are none
}

// policies finds policies. They are named by their places among the settings.
type policies struct {
	places     map[string]int // of all settings, by rule
	everywhere bool           // one looks at issues that the team's rules leave alone

	subjects map[triage.SubjectKind]*PolicySet

	byKind   [32][]int        // those that look at a kind of event, by the number of its bit; labels aside
	byLabel  map[string][]int // those that look at a label
	anyLabel []int            // those that look at all labels
	labelled []int            // those that look at any of these
}

// NewIndex indexes settings in which the policies come last.
func NewIndex(settings []Setting) *Index {
	x := &Index{settings: settings, catalogue: len(settings)}
	for n := range settings {
		if settings[n].Looks != nil {
			x.catalogue = n
			x.policies = newPolicies(settings, n)
			break
		}
	}
	return x
}

func newPolicies(settings []Setting, from int) *policies {
	x := &policies{places: make(map[string]int, len(settings)), byLabel: map[string][]int{}, subjects: policySets(settings[from:], from)}
	for n := range settings {
		s := &settings[n]
		if _, taken := x.places[s.ID]; !taken { // of two with one id, which no configuration has, the first counts
			x.places[s.ID] = n
		}
		if n >= from && s.Mode != triage.Off && s.Looks != nil {
			x.everywhere = x.everywhere || s.Everywhere
			x.add(n, s.Looks)
		}
	}
	return x
}

func (x *policies) add(n int, looks *triage.Looks) {
	for kinds := looks.Kinds &^ triage.LabelsChanged; kinds != 0; kinds &= kinds - 1 {
		bit := bits.TrailingZeros32(uint32(kinds))
		x.byKind[bit] = append(x.byKind[bit], n)
	}
	if looks.Kinds&triage.LabelsChanged == 0 {
		return
	}
	x.labelled = append(x.labelled, n)
	if looks.AnyLabel {
		x.anyLabel = append(x.anyLabel, n)
	}
	for _, l := range looks.Labels {
		x.byLabel[l] = append(x.byLabel[l], n)
	}
}

// isOf reports whether the index is one of these settings.
func (x *Index) isOf(settings []Setting) bool {
	return x != nil && len(x.settings) == len(settings) && (len(settings) == 0 || &x.settings[0] == &settings[0])
}

// everywhere reports whether a policy looks at issues that the team's rules leave alone.
func (x *Index) everywhere() bool { return x.policies != nil && x.policies.everywhere }

// places is a set of places of settings.
type places []uint64

func newPlaces(settings int) places { return make(places, (settings+63)/64) }

func (p places) add(n int) { p[n/64] |= 1 << (n % 64) }

func (p places) remove(n int) { p[n/64] &^= 1 << (n % 64) }

// next is the first place of the set from n on, -1 if there is none.
func (p places) next(n int) int {
	for word := n / 64; word < len(p); word++ {
		if rest := p[word] &^ (1<<max(0, n-word*64) - 1); rest != 0 {
			return word*64 + bits.TrailingZeros64(rest)
		}
	}
	return -1
}

// markKinds marks the policies that look at one of the kinds of events, labels aside.
func (x *policies) markKinds(todo places, kinds triage.Kind) {
	for kinds &^= triage.LabelsChanged; kinds != 0; kinds &= kinds - 1 {
		for _, n := range x.byKind[bits.TrailingZeros32(uint32(kinds))] {
			todo.add(n)
		}
	}
}

// markLabels marks the policies that look at one of the labels, or at all.
func (x *policies) markLabels(todo places, labels ...[]string) {
	for _, list := range labels {
		for _, l := range list {
			for _, n := range x.byLabel[l] {
				todo.add(n)
			}
		}
	}
	for _, n := range x.anyLabel {
		todo.add(n)
	}
}

// markEvents marks the policies that look at what the events tell of. A change of labels that does not say which ones may be of any.
func (x *policies) markEvents(todo places, events []triage.Event) {
	for _, e := range events {
		x.markKinds(todo, e.Kind)
		switch {
		case e.Kind.Effective()&triage.LabelsChanged == 0:
		case len(e.Changes.Added)+len(e.Changes.Removed) == 0:
			for _, n := range x.labelled {
				todo.add(n)
			}
		default:
			x.markLabels(todo, e.Changes.Added, e.Changes.Removed)
		}
	}
}

// markChange marks the policies that look at what is different.
func (x *policies) markChange(todo places, before, after *triage.Issue) {
	edit := triage.Difference(*before, *after)
	if edit.Empty() {
		return
	}
	e := edit.AsEvent(triage.Person{}, *before, triage.Event{})
	e.Kind &^= triage.Reopened // which stands for a change of everything
	if edit.Reopen {
		e.Kind |= triage.Closed
	}
	x.markKinds(todo, e.Kind)
	if e.Kind&triage.LabelsChanged != 0 {
		x.markLabels(todo, edit.Add, edit.Remove)
	}
}
