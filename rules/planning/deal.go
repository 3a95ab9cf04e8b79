package planning

import (
	"cmp"
	"slices"

	"flowkeeper/rules/triage"
)

// handbookPerEngineer is how many issues one engineer weighs for a milestone: "Weighting issues".
const handbookPerEngineer = 4

// needsWeight reports whether the engineers are to weigh an issue: it is open in the milestone, the team's side has no weight, and nobody found it
// unclear or in need of a spike. A spike weighs 2 and needs no estimate.
func (s Snapshot) needsWeight(i *Issue) bool {
	if i.Closed || i.Milestone != s.Milestone.String() || slices.Contains(i.Requested, "unclear") || slices.Contains(i.Requested, "spike") {
		return false
	}
	in := s.facts(i)
	return !s.Team.Scale.Off() && !isReport(&in) && !isOtherSide(&in) && weightOf(&in) == nil
}

// deal says who is to weigh which issue, "" for nobody. Who has one keeps it, also when it is done. The others go to those who are assigned to them
// already, then one by one to whoever has fewest, the most urgent first.
func (s Snapshot) deal(issues []*Issue) map[*Issue]string {
	dealt, engineers := map[*Issue]string{}, s.engineers()
	has := map[string]int{}
	give := func(i *Issue, to string) {
		dealt[i] = to
		has[to]++
	}
	var rest []*Issue
	for _, i := range issues {
		if who, ok := oneOf(engineers, s.Previous.Dealt[i.Ref.String()]); ok {
			give(i, who)
		} else {
			rest = append(rest, i)
		}
	}
	s.sortByPriority(rest)
	free := slices.DeleteFunc(slices.Clone(engineers), s.isAwayWhileWeighing)
	mayHave := func(e string) bool { return has[e] < s.perEngineer() }
	rest = slices.DeleteFunc(rest, func(i *Issue) bool {
		for _, a := range i.Assignees {
			if who, ok := oneOf(free, a); ok && mayHave(who) {
				give(i, who)
				return true
			}
		}
		return false
	})
	for _, i := range rest {
		dealt[i] = ""
		if len(free) == 0 {
			continue
		}
		if who := slices.MinFunc(free, func(a, b string) int { return cmp.Compare(has[a], has[b]) }); mayHave(who) {
			give(i, who)
		}
	}
	return dealt
}

// oneOf is a person among others as those are written; false if they are not among them.
func oneOf(people []string, person string) (string, bool) {
	n := slices.IndexFunc(people, func(p string) bool { return triage.SameUsername(p, person) })
	if n < 0 {
		return "", false
	}
	return people[n], true
}

func (s Snapshot) perEngineer() int {
	if n := s.Options.PerEngineer; n > 0 {
		return n
	}
	return handbookPerEngineer
}

// weightsDue is the day by which the weights are needed: that of the draft of Deliverables. None if it is over.
func (s Snapshot) weightsDue() Date { return s.dueOn(Build) }

// isAwayWhileWeighing reports whether a person is away on all working days until the weights are due.
func (s Snapshot) isAwayWhileWeighing(person string) bool {
	away, worked := s.away(person), 0
	for d := s.today(); !d.After(s.weightsDue()); d = d.AddDays(1) {
		if !s.Calendar.WorkingDays().Has(d) {
			continue
		}
		if !slices.ContainsFunc(away, func(r DateRange) bool { return r.has(d) }) {
			return false
		}
		worked++
	}
	return worked > 0
}
