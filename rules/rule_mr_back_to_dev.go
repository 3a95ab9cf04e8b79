package rules

import "flowkeeper/rules/triage"

// mrBackToDev follows "Workflow labels": what is a draft again is in development, and what nobody works on any more waits for somebody.
var mrBackToDev = triage.Rule{
	Meta: triage.Meta{
		ID:      "mr-back-to-dev",
		Summary: "Moves an issue back when a merge request that closes it becomes a draft again, or when the last one is closed unmerged.",
		States:  [][]triage.Meaning{{triage.Development, triage.CodeReview}},
		Section: "Workflow labels",
		On:      triage.MergeRequestChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Is(triage.Development, triage.CodeReview):
			return in.NotIn(triage.CodeReview, triage.Development)
		case !in.Knows(triage.NeedMergeRequests):
			return loadClosers()
		}
		c := closersOf(in)
		switch {
		case len(c.drafts) > 0:
			return backToDraft(in, c.drafts)
		case len(c.open())+len(c.merged) > 0:
			return triage.Nothing("a merge request that closes the issue is ready or merged")
		case len(c.closed) == 0:
			return triage.Nothing("no merge request closes the issue")
		case !in.Team.Workflow.Has(triage.Ready):
			return in.NotIn(triage.Ready)
		case movedSince(in, c.closed...):
			return triage.Nothing("the issue was moved after its merge requests were closed")
		}
		v := triage.Want("no merge request that closes the issue is left: "+mergeRequestsInWords(in, c.closed)+" "+wasWere(c.closed)+" closed unmerged", stateAction(in, triage.Ready))
		v.Suggestion = stateItem(in, capitalised(mergeRequestsInWords(in, c.closed))+" "+wasWere(c.closed)+" closed unmerged, and none is left.", triage.Ready)
		return v
	},
}

// backToDraft is the verdict on an issue with drafts.
func backToDraft(in triage.Input, drafts []triage.MergeRequest) triage.Verdict {
	switch {
	case !in.Is(triage.CodeReview):
		return triage.Nothing("the issue is " + in.Where() + ", and a merge request that closes it is a draft")
	case !in.Team.Workflow.Has(triage.Development):
		return in.NotIn(triage.Development)
	case movedSince(in, drafts...):
		return triage.Nothing("the issue was moved after its merge request became a draft")
	}
	names, are := mergeRequestsInWords(in, drafts), areIs(drafts)
	v := triage.Want(names+" "+are+" in draft again", stateAction(in, triage.Development))
	v.Suggestion = stateItem(in, capitalised(names)+" "+are+" in draft.", triage.Development)
	return v
}

// wasWere is the verb for what happened to so many merge requests.
func wasWere(list []triage.MergeRequest) string {
	if len(list) == 1 {
		return "was"
	}
	return "were"
}
