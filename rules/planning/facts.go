package planning

import (
	"math"

	"flowkeeper/rules/triage"
)

// facts are what the rules see of an issue: a misspelt label counts as the one that is meant, and of several of a scope the one further along.
func (s Snapshot) facts(i *Issue) triage.Input {
	seen := s.Team.SeeStatus(triage.Issue{Ref: i.Ref, Closed: i.Closed, Labels: i.Labels, StatusName: i.Status, Weight: i.Weight})
	return triage.NewInput(s.Team, nil, seen, nil, s.Now)
}

// today is the day of the snapshot.
func (s Snapshot) today() Date { return DateOf(s.Now) }

// weightOf is what an issue weighs for the team; nil is none. A spike is timeboxed: it has its weight until somebody says otherwise ("If the issue needs a
// spike").
func weightOf(in *triage.Input) *int {
	if w := in.Weight(); w != nil || !in.Has(triage.Spike) {
		return w
	}
	if in.Team.Scale.Off() {
		return nil
	}
	return triage.Int(in.Team.Scale.Spike)
}

// isOtherSide reports whether only the other side works on an issue, so that nothing of it is the team's: it carries that side's label and not the
// team's.
func isOtherSide(in *triage.Input) bool {
	if !in.Team.Scale.HasSides() {
		return false
	}
	if in.Team.Side == "frontend" {
		return in.Has(triage.Backend) && !in.Has(triage.Frontend)
	}
	return in.Has(triage.Frontend) && !in.Has(triage.Backend)
}

// isReady reports whether an issue is ready for development or further on. States beside the path, such as blocked, come from there.
func isReady(in *triage.Input) bool {
	w, from := in.Team.Workflow, []triage.Meaning{triage.Ready, triage.Development}
	if in.State() == "" {
		return !w.Has(triage.Ready) && !w.Has(triage.Development)
	}
	return !in.Is(triage.Dropped) && !w.Before(in.State(), from...)
}

// isReport reports whether an issue is one of those that rules leave alone: a report, a planning issue.
func isReport(in *triage.Input) bool { return in.Has(triage.Skip) }

// unprioritised comes behind all priorities.
const unprioritised = math.MaxInt

// priority is the place of an issue's priority: 0 is the most urgent.
func priority(in *triage.Input) int {
	if rank := in.Team.Priority.Rank(in.ScopedValue(triage.PriorityScope)); rank >= 0 {
		return rank
	}
	return unprioritised
}
