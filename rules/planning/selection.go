package planning

import (
	"cmp"
	"slices"

	"flowkeeper/rules/triage"
)

// stretch is the label of what may be done in a milestone without being promised. Such an issue is selected, too.
const stretch = "Stretch"

// isCandidate reports whether an issue of a milestone is open and not selected. A candidate has no label of its own: "Issue Selection".
func isCandidate(i *Issue, in *triage.Input) bool {
	return !i.Closed && !in.Has(triage.Deliverable) && !in.HasLabel(stretch)
}

// candidates are those of a milestone on which the team works, and those on which only the other side does; the most urgent first, then the heaviest.
func (s Snapshot) candidates(v Version) (ours, others []*Issue) {
	all := s.ofMilestone(v, isCandidate)
	slices.SortStableFunc(all, s.byUrgency)
	for _, i := range all {
		if in := s.facts(i); isOtherSide(&in) {
			others = append(others, i)
		} else {
			ours = append(ours, i)
		}
	}
	return ours, others
}

// deliverables are the issues of a milestone that were selected for the team, open ones and closed ones, the most urgent first, then the heaviest.
func (s Snapshot) deliverables(v Version) []*Issue {
	all := s.ofMilestone(v, func(_ *Issue, in *triage.Input) bool {
		return in.Has(triage.Deliverable) && !isOtherSide(in) && !in.Has(triage.Duplicate)
	})
	slices.SortStableFunc(all, s.byUrgency)
	return all
}

// byUrgency puts the most urgent issues first, of these the heavier ones, those without a weight last.
func (s Snapshot) byUrgency(a, b *Issue) int {
	inA, inB := s.facts(a), s.facts(b)
	return cmp.Or(cmp.Compare(priority(&inA), priority(&inB)), cmp.Compare(heaviness(&inB), heaviness(&inA)), byNumber(a, b))
}

// heaviness orders weights, none before 0.
func heaviness(in *triage.Input) int {
	if w := weightOf(in); w != nil {
		return *w
	}
	return -1
}

// weigh sums the weights of issues. Unknown is how many have none.
func (s Snapshot) weigh(issues []*Issue) (sum, unknown int) {
	for _, i := range issues {
		in := s.facts(i)
		if w := weightOf(&in); w != nil {
			sum += *w
		} else {
			unknown++
		}
	}
	return sum, unknown
}
