package rules

import "flowkeeper/rules/triage"

// mrInDev follows "Workflow labels": whoever opens a merge request for an issue works on it.
var mrInDev = triage.Rule{
	Meta: triage.Meta{
		ID:         "mr-in-dev",
		Summary:    "Moves an issue into development when a merge request that closes it is opened.",
		OwnSummary: "Moves an issue to {development} when a merge request that closes it is opened.",
		States:     [][]triage.Meaning{{triage.Development}},
		Section:    "Workflow labels",
		On:         triage.MergeRequestChanged,
		Mode:       triage.Remind,
		MaxMode:    triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Team.Workflow.Has(triage.Development):
			return in.NotIn(triage.Development)
		case !isBefore(in, triage.Development):
			return notBefore(in, triage.Development)
		case !in.Knows(triage.NeedMergeRequests):
			return loadClosers()
		}
		c := closersOf(in)
		open := c.open()
		switch {
		case len(open) == 0:
			return triage.Nothing("no merge request that closes the issue is open")
		case c.allReady() && in.Team.Workflow.Has(triage.CodeReview) && in.RuleIsOn != nil && in.RuleIsOn("mr-in-review"):
			return triage.Nothing("all merge requests that close the issue are ready, which is for the review")
		case movedSince(in, open...):
			return triage.Nothing("the issue was moved after its merge requests were opened")
		}
		v := triage.Want(mergeRequestsInWords(in, open)+" "+areIs(open)+" open and will close the issue", stateAction(in, triage.Development))
		v.Suggestion = stateItem(in, capitalised(mergeRequestsInWords(in, open))+" "+areIs(open)+" open and will close this issue.", triage.Development)
		if who := worksOn(in); who != "" && len(in.Issue.Assignees) == 0 {
			v.Suggestion.Do += " and " + triage.Code("/assign @"+who)
		}
		return v
	},
}

// worksOn is the username of whom a merge request that closes the issue is assigned to, "" for nobody known.
func worksOn(in triage.Input) string {
	c := closersOf(in)
	for _, m := range append(c.open(), c.merged...) {
		for _, p := range m.Assignees {
			if p.Username != "" {
				return p.Username
			}
		}
	}
	return ""
}
