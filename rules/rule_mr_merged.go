package rules

import (
	"time"

	"flowkeeper/rules/triage"
)

// closingDelay is how long GitLab may take to close the issue of a merged merge request, and more: it closes many of them one after the other.
const closingDelay = 10 * time.Minute

// mrMerged follows "Workflow labels": what is merged is verified, and a security fix waits for its release. Where GitLab closes the issue itself,
// closed-complete has the word.
var mrMerged = triage.Rule{
	Meta: triage.Meta{
		ID:         "mr-merged",
		Summary:    "Moves an issue that stays open on when all merge requests that close it are merged: to be verified, or, with a security fix, to wait for its release.",
		OwnSummary: "Moves an issue that stays open to {verification} when all merge requests that close it are merged.",
		States:     [][]triage.Meaning{{triage.Verification, triage.SecurityRelease}},
		Section:    "Workflow labels",
		On:         triage.MergeRequestChanged | triage.Woken,
		Mode:       triage.Remind,
		MaxMode:    triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		next := []triage.Meaning{triage.Verification}
		if in.IsSecurity() && in.Team.Workflow.Has(triage.SecurityRelease) {
			next = []triage.Meaning{triage.SecurityRelease}
		}
		switch {
		case !in.Team.Workflow.Has(next[0]):
			return in.NotIn(next...)
		case !isBefore(in, triage.Verification, triage.SecurityRelease):
			return notBefore(in, next...)
		case !in.Knows(triage.NeedMergeRequests) && in.Kinds&triage.MergeRequestChanged == 0 && len(in.Memory.Context.MergeRequests) == 0:
			return triage.Nothing("no merge request is known to close the issue")
		case !in.Knows(triage.NeedMergeRequests):
			return loadClosers()
		}
		c := closersOf(in)
		switch {
		case len(c.merged) == 0:
			return triage.Nothing("no merge request that closes the issue is merged")
		case !c.allMerged():
			v := triage.Nothing(mergeRequestsInWords(in, c.open()) + " " + areIs(c.open()) + " still to be merged")
			v.Wake = nextLook(lastMerge(c.merged), in.Now)
			return v
		case movedSince(in, c.merged...):
			return triage.Nothing("the issue was moved after its merge requests were merged")
		}
		if due := lastMerge(c.merged).Add(closingDelay); in.Memory.Context.AutoClose && in.Now.Before(due) {
			v := triage.Nothing("GitLab closes the issue itself, as far as it can, within ten minutes of the merge")
			v.Wake = due
			return v
		}
		why := "all merge requests that close the issue are merged, and it is open"
		v := triage.Want(why, stateAction(in, next...))
		v.Suggestion = stateItem(in, capitalised(mergeRequestsInWords(in, c.merged))+" "+areIs(c.merged)+" merged.", next...)
		return v
	},
}

// lastMerge is when the last of the merge requests was merged.
func lastMerge(merged []triage.MergeRequest) time.Time {
	var last time.Time
	for _, m := range merged {
		at := m.MergedAt
		if at.IsZero() {
			at = m.Since
		}
		if at.After(last) {
			last = at
		}
	}
	return last
}

// nextLook is when to find out whether what is still to be merged is still there: GitLab tells nobody of a merge request that is deleted. A day after the
// last merge, and each time after twice as long.
func nextLook(merged, now time.Time) time.Time {
	wait := 24 * time.Hour
	for !merged.Add(wait).After(now) {
		wait *= 2
	}
	return merged.Add(wait)
}
