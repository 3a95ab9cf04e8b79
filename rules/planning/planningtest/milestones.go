package planningtest

import (
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// running are issues of 19.7 and what is left of 19.6.
func running() []named {
	slipped := []string{"19.6"}
	return []named{
		{"shipped", planning.Issue{Title: "Limit the size of a push", Labels: ours("type::feature", "Deliverable", "workflow::complete"), CreatedAt: ago(120), Closed: true, ClosedAt: day(2026, time.November, 9), Milestone: "19.6", Assignees: []string{"erin"}, Weight: triage.Int(3)}},
		{"shipped-candidate", planning.Issue{Title: "Log the reason of a refused push", Labels: ours("type::maintenance", "workflow::complete"), CreatedAt: ago(100), Closed: true, ClosedAt: day(2026, time.October, 30), Milestone: "19.6", Assignees: []string{"enid"}, Weight: triage.Int(1)}},
		{"shipped-secret", planning.Issue{Confidential: true, Title: "SECRET fix of a tag's permission", Labels: ours("security", "type::bug", "severity::3", "Deliverable", "workflow::complete"), CreatedAt: ago(100), SeverityAt: ago(99), Closed: true, ClosedAt: day(2026, time.November, 2), Milestone: "19.6", Assignees: []string{"ewan"}, Weight: triage.Int(2)}},
		{"missed", planning.Issue{Title: "Show the owners of code on a branch", Labels: ours("frontend", "type::feature", "Deliverable", "missed:19.6", "missed-deliverable", "workflow::in dev", "backend-weight::2", "frontend-weight::3"), CreatedAt: ago(150), StateAt: ago(30), LeftMilestones: slipped, Milestone: "19.7", Assignees: []string{"eric"}}},
		{"slipped-still-there", planning.Issue{Title: "Replace the parser of attributes", Labels: ours("type::maintenance", "Deliverable", "workflow::in dev"), CreatedAt: ago(90), StateAt: ago(40), Milestone: "19.6", Assignees: []string{"enid"}, Weight: triage.Int(2)}},
		{"slipped-twice", planning.Issue{Title: "Move the hooks into the new service", Labels: ours("type::maintenance", "Deliverable", "missed:19.5", "missed:19.6", "workflow::in review"), CreatedAt: ago(200), StateAt: ago(12), LeftMilestones: []string{"19.5", "19.6"}, Milestone: "19.7", Assignees: []string{"eva"}, Weight: triage.Int(4)}},
		{"slipped-to-coming", planning.Issue{Title: "Verify signatures with several keys", Labels: ours("type::feature", "missed:19.7", "workflow::in dev", "priority::2"), CreatedAt: ago(80), StateAt: ago(16), LeftMilestones: []string{"19.7"}, Milestone: "19.8", Assignees: []string{"eric"}, Weight: triage.Int(4)}},
		{"moved-to-backlog", planning.Issue{Title: "Count clones in the statistics", Labels: ours("type::feature", "workflow::planning breakdown"), CreatedAt: ago(90), LeftMilestones: []string{"19.7"}, Milestone: "Backlog", Weight: triage.Int(2)}},
		{"deliverable-at-risk", planning.Issue{Title: "Cache the list of tags", Labels: ours("type::maintenance", "Deliverable", "workflow::ready for development"), CreatedAt: ago(60), StateAt: ago(25), Milestone: "19.7", Assignees: []string{"erin"}, Weight: triage.Int(2)}},
		{"deliverable-unassigned", planning.Issue{Title: "Warn before a branch of many commits is deleted", Labels: ours("type::feature", "Deliverable", "workflow::refinement"), CreatedAt: ago(60), StateAt: ago(25), Milestone: "19.7", Weight: triage.Int(1)}},
		{"deliverable-done", planning.Issue{Title: "Show the age of a branch", Labels: ours("type::feature", "Deliverable", "workflow::complete"), CreatedAt: ago(60), Closed: true, ClosedAt: ago(4), Milestone: "19.7", Assignees: []string{"eric"}, Weight: triage.Int(2)}},
		{"in-verification", planning.Issue{Title: "Speed up the check of file locks", Labels: ours("type::maintenance", "Deliverable", "workflow::verification"), CreatedAt: ago(60), StateAt: ago(3), Milestone: "19.7", Assignees: []string{"enid"}, Weight: triage.Int(1)}},
	}
}

// coming are candidates and Deliverables of 19.8. Eric has more weight than his budget allows.
func coming() []named {
	return []named{
		{"deliverable", planning.Issue{Title: "Delete merged branches in one step", Labels: ours("type::feature", "Deliverable", "workflow::ready for development", "priority::1"), CreatedAt: ago(70), Milestone: "19.8", Assignees: []string{"erin"}, Weight: triage.Int(3)}},
		{"over-budget-1", planning.Issue{Title: "Rewrite the endpoint of comparisons", Labels: ours("type::maintenance", "Deliverable", "workflow::ready for development", "priority::2"), CreatedAt: ago(70), Milestone: "19.8", Assignees: []string{"eric"}, Weight: triage.Int(4)}},
		{"over-budget-2", planning.Issue{Title: "List the rules that apply to a branch", Labels: ours("type::feature", "Deliverable", "workflow::ready for development", "priority::2"), CreatedAt: ago(60), Milestone: "19.8", Assignees: []string{"eric"}, Weight: triage.Int(3)}},
		{"two-assignees", planning.Issue{Title: "Read notes of commits", Labels: ours("type::feature", "workflow::ready for development", "priority::3"), CreatedAt: ago(60), Milestone: "19.8", Assignees: []string{"enid", "eva"}, Weight: triage.Int(2)}},
		{"two-sided", planning.Issue{Title: "Choose the branch to which a fork is synced", Labels: ours("frontend", "type::feature", "workflow::ready for development", "priority::2", "backend-weight::3", "frontend-weight::2"), CreatedAt: ago(60), Milestone: "19.8", Assignees: []string{"enid"}, Weight: triage.Int(8)}},
		{"two-sided-unweighted", planning.Issue{Title: "Preview a file before it is replaced", Labels: ours("frontend", "type::feature", "workflow::planning breakdown", "priority::3", "frontend-weight::3"), CreatedAt: ago(50), Milestone: "19.8", Weight: triage.Int(3)}},
		{"frontend-only", planning.Issue{Title: "Fold long commit messages", Labels: theFrontends("type::feature", "Deliverable", "workflow::ready for development"), CreatedAt: ago(50), Milestone: "19.8", Assignees: []string{"eva"}, Weight: triage.Int(3)}},
		{"spike", planning.Issue{Title: "[SPIKE] Can references be stored in a table?", Labels: ours("type::maintenance", "spike", "workflow::ready for development"), CreatedAt: ago(40), Milestone: "19.8", Assignees: []string{"ewan"}, Weight: triage.Int(2)}},
		{"weight-zero", planning.Issue{Title: "Remove the flag of the new blame", Labels: ours("type::maintenance", "workflow::ready for development"), CreatedAt: ago(40), Milestone: "19.8", Assignees: []string{"eva"}, Weight: triage.Int(0)}},
		{"too-heavy", planning.Issue{Title: "Replicate a repository across regions", Labels: ours("type::feature", "workflow::refinement", "priority::3"), CreatedAt: ago(120), Milestone: "19.8", Weight: triage.Int(5)}},
		{"unweighted", planning.Issue{Title: "Explain why a merge is refused", Labels: ours("type::feature", "workflow::planning breakdown", "priority::2"), CreatedAt: ago(30), Milestone: "19.8"}},
		{"unweighted-assigned", planning.Issue{Title: "Resume an interrupted import", Labels: ours("type::feature", "workflow::refinement", "priority::1"), CreatedAt: ago(30), Milestone: "19.8", Assignees: []string{"erin"}}},
		{"unclear", planning.Issue{Title: "Better defaults of repositories", Labels: ours("type::feature", "workflow::refinement"), CreatedAt: ago(30), Milestone: "19.8", Requested: []string{"unclear"}}},
		{"needs-spike", planning.Issue{Title: "Sign commits on the server with a hardware key", Labels: ours("type::feature", "workflow::refinement"), CreatedAt: ago(30), Milestone: "19.8", Requested: []string{"spike"}}},
		{"in-refinement-assigned", planning.Issue{Title: "Say which hook refused a push", Labels: ours("type::feature", "workflow::refinement", "priority::3"), CreatedAt: ago(30), Milestone: "19.8", Assignees: []string{"eric"}, Weight: triage.Int(2)}},
		{"stretch", planning.Issue{Title: "Colour the graph by author", Labels: ours("frontend", "type::feature", "Stretch", "workflow::ready for development", "backend-weight::1", "frontend-weight::2"), CreatedAt: ago(30), Milestone: "19.8"}},
		{"closed-early", planning.Issue{Title: "Accept SHA-256 in the search of commits", Labels: ours("type::feature", "Deliverable", "workflow::complete"), CreatedAt: ago(60), Closed: true, ClosedAt: ago(5), Milestone: "19.8", Assignees: []string{"erin"}, Weight: triage.Int(2)}},
	}
}
