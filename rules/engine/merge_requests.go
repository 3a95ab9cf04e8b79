package engine

import "flowkeeper/rules/triage"

// updateMergeRequests brings the merge requests beside the issue up to date with the events. Each event tells a whole state, so that a late or a
// repeated one does no harm.
func updateMergeRequests(in *triage.Input) {
	around := &in.Memory.Context
	for _, e := range in.Events {
		if e.MergeRequest != nil {
			around.MergeRequests = triage.WithMergeRequest(around.MergeRequests, *e.MergeRequest)
		}
	}
}
