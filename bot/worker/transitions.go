package worker

import "flowkeeper/rules/triage"

// withoutRepeatedTransition takes out of an event what the rules were told in an earlier batch: that the issue was closed or reopened.
// GitLab tells it twice, and the two may come in either order, far apart or one of them not at all.
func (j *job) withoutRepeatedTransition(e triage.Event) triage.Event {
	if turn := e.Transition(); turn != nil && !turn.After(j.in.Memory.LastTransition) {
		e.Kind &^= triage.Closed | triage.Reopened
	}
	return e
}

// lastTransition is the last closing or reopening that the rules know of with this batch. It is kept once they have answered, so that a
// batch that is tried again is answered again.
func (j *job) lastTransition() *triage.Transition {
	last := j.in.Memory.LastTransition
	if !j.decision.InScope {
		return last
	}
	for _, e := range j.allEvents() {
		if turn := e.Transition(); turn.After(last) {
			last = turn
		}
	}
	return last
}
