package rules

import "flowkeeper/rules/triage"

// mrNeedsIssue wants every merge request to say what it is for.
var mrNeedsIssue = triage.Rule{
	Meta: triage.Meta{
		ID:      "mr-needs-issue",
		Summary: "Reminds of the issue that a merge request is for, on the merge request.",
		Section: "Workflow labels",
		On:      triage.Opened | triage.Updated,
		Mode:    triage.Off,
		MaxMode: triage.Remind,
		Subject: triage.SubjectMergeRequest,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		m := in.Issue.MergeRequest
		switch {
		case m == nil || !m.ClosesKnown:
			return triage.Nothing("which issues the merge request closes is not known")
		case len(m.Closes)+len(m.References)+len(m.External) > 0 || m.Mentions:
			return triage.Nothing("the merge request names an issue")
		}
		return triage.Ask("the merge request names no issue", triage.Item{
			Slot: "issue", Title: "An issue", Text: "Which one is this for? Write " + triage.Code("Closes #12") + " or " + triage.Code("Related to #12") + " into the description.",
		})
	},
}
