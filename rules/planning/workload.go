package planning

import (
	"cmp"
	"slices"

	"flowkeeper/rules/triage"
)

// workload is what a person has to do in a milestone. Those who are assigned without being engineers of the roster have no budget.
type workload struct {
	Budget

	person   string
	engineer bool
	issues   []*Issue // that count, by number
	assigned int      // their weight
	unknown  int      // of them have no weight and count nothing
}

// left is what a person can still take on, negative for one who has too much.
func (w workload) left() Amount { return w.Rounded - whole(w.assigned) }

// isOver reports whether a person has more than the budget.
func (w workload) isOver() bool { return w.engineer && w.WorkingDays > 0 && w.left() < 0 }

// workloads are those of the engineers, in the order of the roster, then those of others who are assigned, by name; and the one of nobody: what
// counts and has no assignee yet. An issue of several assignees counts in full for each of them.
func (s Snapshot) workloads() (people []workload, nobody workload) {
	for _, e := range s.engineers() {
		people = append(people, workload{person: e, engineer: true, Budget: s.budget(e)})
	}
	roster := len(people)
	for _, i := range s.counted() {
		in := s.facts(i)
		if len(i.Assignees) == 0 {
			nobody.add(i, weightOf(&in))
		}
		for _, a := range distinct(i.Assignees) {
			n := slices.IndexFunc(people, func(w workload) bool { return triage.SameUsername(w.person, a) })
			if n < 0 {
				n, people = len(people), append(people, workload{person: a})
			}
			people[n].add(i, weightOf(&in))
		}
	}
	slices.SortFunc(people[roster:], func(a, b workload) int { return cmp.Compare(a.person, b.person) })
	return people, nobody
}

// sumOf is the workload of all of them together. It has no share of its own.
func sumOf(people []workload) workload {
	team := workload{engineer: true}
	for _, w := range people {
		team.WorkingDays += w.WorkingDays
		team.DaysAway += w.DaysAway
		team.Exact += w.Exact
		team.Rounded += w.Rounded
		team.assigned += w.assigned
		team.PercentDays += w.PercentDays
	}
	return team
}

func (w *workload) add(i *Issue, weight *int) {
	w.issues = append(w.issues, i)
	if weight == nil {
		w.unknown++
		return
	}
	w.assigned += *weight
}

// counted are the issues of the milestone whose weight counts against budgets: from ready for development on, since an assignee before that refines
// the issue ("Issue refinement"); closed ones too; not those of the other side.
func (s Snapshot) counted() []*Issue {
	return s.ofMilestone(s.Milestone, func(_ *Issue, in *triage.Input) bool {
		return !isOtherSide(in) && (isReady(in) || in.Issue.Closed && in.State() == "") && !in.Has(triage.Duplicate)
	})
}

// ofMilestone are the issues of a milestone that are meant, by project and number. Reports and planning issues are none of them.
func (s Snapshot) ofMilestone(v Version, meant func(*Issue, *triage.Input) bool) []*Issue {
	var all []*Issue
	for n := range s.Issues {
		i := &s.Issues[n]
		if i.Milestone != v.String() {
			continue
		}
		if in := s.facts(i); !isReport(&in) && meant(i, &in) {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, byNumber)
	return all
}

func byNumber(a, b *Issue) int {
	return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.IID, b.IID))
}
