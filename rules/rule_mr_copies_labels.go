package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// mrCopiesLabels has a new merge request carry what its issue says of the kind of work.
var mrCopiesLabels = triage.Rule{
	Meta: triage.Meta{
		ID:      "mr-copies-labels",
		Summary: "Copies the labels that say what kind of work it is from the issue that a new merge request closes: its type, group, category and the like.",
		Section: "Workflow labels",
		On:      triage.Opened,
		Mode:    triage.Off,
		MaxMode: triage.Act,
		Subject: triage.SubjectMergeRequest,
		Edits:   true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		m := in.Issue.MergeRequest
		switch {
		case m == nil || !m.ClosesKnown:
			return triage.Nothing("which issues the merge request closes is not known")
		case len(m.Closes) == 0:
			return triage.Nothing("the merge request closes no issue")
		case !in.Knows(triage.NeedClosedLabels):
			return triage.Load("which labels the issue has must be looked up", triage.NeedClosedLabels)
		}
		var actions []triage.Action
		for _, l := range in.Memory.Context.ClosedLabels {
			if l = in.Team.Canonical(l); saysKind(in, l) && !alreadySays(in, l) {
				actions = append(actions, triage.AddLabel{Label: l})
			}
		}
		if len(actions) == 0 {
			return triage.Nothing("the merge request lacks no label of its issue that may be copied")
		}
		return triage.Want("the merge request closes an issue with these labels", actions...)
	},
}

// categoryPrefix begins the labels of categories, which have no scope.
const categoryPrefix = "Category:"

// saysKind reports whether a label says what kind of work an issue is: its type or subtype, its group, its category or its severity.
func saysKind(in triage.Input, label string) bool {
	switch scope := triage.Scope(label); scope {
	case "":
		return strings.HasPrefix(label, categoryPrefix)
	case in.Team.Label(triage.TypeScope), in.Team.Label(triage.SeverityScope), triage.Scope(in.Team.GroupLabel):
		return true
	default:
		return slices.Contains(triage.IssueTypes(), scope)
	}
}

// alreadySays reports whether the merge request has the label, or another one in its place.
func alreadySays(in triage.Input, label string) bool {
	if scope := triage.Scope(label); scope != "" {
		return in.Winner(scope) != ""
	}
	return in.HasLabel(label)
}
