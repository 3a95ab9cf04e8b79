package rules

import "flowkeeper/rules/triage"

// mrInReview follows "Workflow labels": an issue is in review when all that is to be merged for it is. The merge request that is farthest from
// completion counts.
var mrInReview = triage.Rule{
	Meta: triage.Meta{
		ID:         "mr-in-review",
		Summary:    "Moves an issue into code review when all merge requests that close it are ready; asks about one that comes after the others are merged.",
		OwnSummary: "Moves an issue to {code_review} when all merge requests that close it are ready; asks about one that comes after the others are merged.",
		States:     [][]triage.Meaning{{triage.CodeReview}},
		Section:    "Workflow labels",
		On:         triage.MergeRequestChanged,
		Mode:       triage.Remind,
		MaxMode:    triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		merged := in.Is(triage.Verification, triage.SecurityRelease)
		switch {
		case !in.Team.Workflow.Has(triage.CodeReview):
			return in.NotIn(triage.CodeReview)
		case !merged && !isBefore(in, triage.CodeReview):
			return notBefore(in, triage.CodeReview)
		case !in.Knows(triage.NeedMergeRequests):
			return loadClosers()
		}
		c := closersOf(in)
		switch {
		case len(c.open()) == 0:
			return triage.Nothing("no merge request that closes the issue is open")
		case !c.allReady():
			return triage.Nothing(mergeRequestsInWords(in, c.drafts) + " " + areIs(c.drafts) + " still in draft")
		case movedSince(in, c.ready...):
			return triage.Nothing("the issue was moved after its merge requests became ready")
		}
		names, are := mergeRequestsInWords(in, c.ready), areIs(c.ready)
		if merged {
			return triage.Ask(names+" "+are+" ready while the issue is "+in.Where(), triage.Item{
				Slot: "again", Title: "More to merge", Text: capitalised(names) + " " + are + " ready, and this issue is " + in.Where() + ". Does it go back to review?",
				Do: in.Team.CommandCode("to " + in.Team.Workflow.Named(triage.CodeReview)),
			})
		}
		v := triage.Want("all merge requests that close the issue are ready", stateAction(in, triage.CodeReview))
		v.Suggestion = stateItem(in, capitalised(names)+" "+are+" ready for review.", triage.CodeReview)
		return v
	},
}
