package policy_test

import (
	"slices"
	"testing"

	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// TestFieldsOfPeople: what people write into titles, labels, milestones and branches is untrusted; addresses and numbers are GitLab's and may form
// links.
func TestFieldsOfPeople(t *testing.T) {
	var all policy.Template
	for _, name := range policy.Fields() {
		all = append(all, policy.Piece{Field: name})
	}
	b := newBench(t, policy.Rule{Name: "x", Actions: policy.Actions{Own: true, Comment: all}})
	b.issue.URL, b.issue.Path, b.issue.Milestone, b.issue.MilestoneTitle = "https://gitlab.example/g/p/-/issues/1", "g/p", triage.NewMilestone, "@all"
	b.issue.MergeRequest = &triage.MergeRequestDetails{SourceBranch: "@all", TargetBranch: "~b"}
	b.memory.Context.Known = triage.NeedVotes
	d := b.decide(triage.Event{Kind: triage.Opened})
	if len(d.Comments) != 1 {
		t.Fatalf("comments %+v", d.Comments)
	}
	var untrusted []string
	for _, piece := range d.Comments[0].Text {
		if piece.Untrusted != "" {
			untrusted = append(untrusted, piece.Untrusted)
		}
	}
	if want := []string{`~"group::theirs"`, `%"@all"`, "@all", "~b", "The @all title"}; !slices.Equal(untrusted, want) {
		t.Errorf("untrusted are %q, want %q", untrusted, want)
	}
}
