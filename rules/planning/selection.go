package planning

import (
	"cmp"
	"slices"
	"strconv"

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
	s.sortByUrgency(all)
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
	s.sortByUrgency(all)
	return all
}

// sortByUrgency puts the most urgent issues first, of these the heavier ones, those without a weight last.
func (s Snapshot) sortByUrgency(issues []*Issue) { s.sort(issues, heaviness) }

// sortByPriority puts the most urgent issues first, of these the one with the lower number. Nobody loses their place by being weighed.
func (s Snapshot) sortByPriority(issues []*Issue) {
	s.sort(issues, func(*triage.Input) int { return 0 })
}

func (s Snapshot) sort(issues []*Issue, weight func(*triage.Input) int) {
	type urgency struct{ priority, weight int }
	known := make(map[*Issue]urgency, len(issues))
	for _, i := range issues {
		in := s.facts(i)
		known[i] = urgency{priority(&in), weight(&in)}
	}
	slices.SortFunc(issues, func(a, b *Issue) int {
		return cmp.Or(cmp.Compare(known[a].priority, known[b].priority), cmp.Compare(known[b].weight, known[a].weight), byNumber(a, b))
	})
}

// heaviness orders weights, none before 0.
func heaviness(in *triage.Input) int {
	if w := weightOf(in); w != nil {
		return *w
	}
	return -1
}

// weighing says behind a number of issues what they weigh together; nothing for a team without weights.
func (s Snapshot) weighing(weight int) string {
	if s.Team.Scale.Off() {
		return ""
	}
	return " with a weight of " + strconv.Itoa(weight)
}

// weigh sums the weights of issues. Unknown is how many have none.
func (s Snapshot) weigh(issues []*Issue) (sum, unknown int) {
	for _, i := range issues {
		in := s.facts(i)
		if w := weightOf(&in); w != nil {
			sum += *w
		} else if !s.Team.Scale.Off() {
			unknown++
		}
	}
	return sum, unknown
}
