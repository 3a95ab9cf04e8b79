package planning

import (
	"slices"

	"flowkeeper/rules/triage"
)

// missedScope begins the label of a milestone that an issue was selected for and missed: "missed:19.7".
const missedScope = "missed:"

// slippedFrom are the team's open issues that were meant for a milestone and are not done: its Deliverables and what is in development, whether they
// stand in it or were moved on to another release. Facts decide, which are labels, states and the milestones that an issue was taken off. What was
// only a candidate, or was put off to the backlog, has not slipped.
func (s Snapshot) slippedFrom(v Version) []*Issue {
	var all []*Issue
	for n := range s.Issues {
		i := &s.Issues[n]
		if in := s.facts(i); !i.Closed && !isReport(&in) && !isOtherSide(&in) && s.slipped(i, &in, v) {
			all = append(all, i)
		}
	}
	s.sortByUrgency(all)
	return all
}

func (s Snapshot) slipped(i *Issue, in *triage.Input, v Version) bool {
	meant := in.Has(triage.Deliverable) || isStarted(in)
	if i.Milestone == v.String() {
		return meant
	}
	_, planned := ParseVersion(i.Milestone)
	missed := in.HasLabel(missedScope + v.String())
	return planned && (missed || meant && slices.Contains(i.LeftMilestones, v.String()))
}

// isStarted reports whether somebody develops an issue, or did: it is in development or further on.
func isStarted(in *triage.Input) bool {
	w := in.Team.Workflow
	return w.Has(triage.Development) && w.Rank(in.State()) >= 0 && !w.Before(in.State(), triage.Development)
}

// atRiskDays is how many working days before its end a milestone's Deliverables ought to be in development.
const atRiskDays = 5

// atRisk are the open Deliverables that nobody develops yet, of a milestone that runs and has few working days left. Left counts today.
func (s Snapshot) atRisk(v Version) (issues []*Issue, left int) {
	m := s.Calendar.Milestone(v)
	left = s.Calendar.WorkingDays().Count(s.today(), m.End.Date)
	if s.today().Before(m.Start.Date) || s.today().After(m.End.Date) || left > atRiskDays {
		return nil, left
	}
	for _, i := range s.deliverables(v) {
		if in := s.facts(i); !i.Closed && !isStarted(&in) {
			issues = append(issues, i)
		}
	}
	return issues, left
}
