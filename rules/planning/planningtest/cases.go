package planningtest

import (
	"slices"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// named is an issue that tests speak of.
type named struct {
	name string
	planning.Issue
}

const group = "group::source code"

// ours are the team's labels on a backend issue, and what it carries besides.
func ours(labels ...string) []string {
	return slices.Concat([]string{group, "devops::create", "Category:Source Code Management", "backend"}, labels)
}

// theFrontends are those on an issue of the other side alone.
func theFrontends(labels ...string) []string {
	return slices.Concat([]string{group, "devops::create", "Category:Source Code Management", "frontend"}, labels)
}

// cases are the issues that tests speak of. A new one goes to the end of its list: the numbers of all that follow change with it, as do the golden
// documents.
func cases() []named {
	return slices.Concat(untriaged(), unscheduled(), overdue(), waiting(), duplicates(), secret(), hostile(), running(), coming())
}

// untriaged issues lack what triage gives them.
func untriaged() []named {
	return []named{
		{"unlabelled", planning.Issue{Title: "Push over SSH hangs for two minutes", CreatedAt: ago(2)}},
		{"without-type", planning.Issue{Title: "Show who protected a branch", Labels: ours("workflow::start"), CreatedAt: ago(5)}},
		{"without-type-customer", planning.Issue{Title: "Mirror fails with a token that has expired", Labels: ours("customer"), CreatedAt: ago(4)}},
		{"bug-without-severity", planning.Issue{Title: "Blame view shows the wrong author", Labels: ours("type::bug", "priority::3"), Milestone: "Backlog"}},
		{"bug-without-priority", planning.Issue{Title: "Tag list is empty after a rename", Labels: ours("type::bug", "severity::3"), SeverityAt: ago(3), Milestone: "Backlog"}},
		{"bug-without-either", planning.Issue{Title: "Commit search ignores umlauts", Labels: ours("type::bug", "customer"), Milestone: "Backlog"}},
		{"bug-subtype-only", planning.Issue{Title: "Cloning a large repository needs 4 GB", Labels: ours("bug::performance"), Milestone: "Backlog"}},
		{"ux-debt-without-severity", planning.Issue{Title: "Compare page has two buttons of the same name", Labels: ours("type::maintenance", "UX debt", "UX"), Milestone: "Backlog"}},
		{"deferred-ux-without-severity", planning.Issue{Title: "Empty state of the tag list has no hint", Labels: theFrontends("type::maintenance", "Deferred UX"), Milestone: "Backlog"}},
	}
}

// unscheduled issues are triaged, but without a milestone.
func unscheduled() []named {
	return []named{
		{"feature-customer", planning.Issue{Title: "Restrict who may create tags by pattern", Labels: ours("type::feature", "customer"), CreatedAt: ago(200)}},
		{"feature-old", planning.Issue{Title: "Sort branches by their last commit", Labels: ours("type::feature"), CreatedAt: ago(300), UpdatedAt: ago(30)}},
		{"feature-frontend", planning.Issue{Title: "Copy a file's path with one click", Labels: theFrontends("type::feature"), CreatedAt: ago(50)}},
		{"frontend-bug", planning.Issue{Title: "Line numbers overlap the code in Safari", Labels: theFrontends("type::bug", "severity::4", "priority::4"), SeverityAt: ago(15)}},
		{"two-sided-bug", planning.Issue{Title: "Fork dialog lists archived groups", Labels: ours("frontend", "type::bug", "severity::3", "priority::3"), SeverityAt: ago(20)}},
		{"backend-bug", planning.Issue{Title: "Push rule rejects a merge commit of the bot", Labels: ours("type::bug", "severity::3", "priority::3"), SeverityAt: ago(18)}},
		{"backend-bug-customer", planning.Issue{Title: "Pull mirror stops after a force push", Labels: ours("type::bug", "severity::3", "priority::2", "customer"), SeverityAt: ago(25)}},
		{"skipped", planning.Issue{Path: Planning.Path, Title: "2026-11-23 - Triage report for \"group::source code\"", Labels: []string{group, "triage report"}, CreatedAt: ago(7)}},
		{"other-group", planning.Issue{Title: "Diff of a notebook is empty", Labels: []string{"group::code review", "type::bug"}}},
	}
}

// overdue bugs are past the limit of their severity, or near it.
func overdue() []named {
	return []named{
		{"past-1", planning.Issue{Title: "Pushes are lost when Gitaly restarts", Labels: ours("type::bug", "severity::1", "priority::1"), CreatedAt: ago(50), SeverityAt: ago(42), Milestone: "19.7", Assignees: []string{"erin"}, Weight: triage.Int(3)}},
		{"past-2", planning.Issue{Title: "Merge of a fork fails with 500", Labels: ours("type::bug", "severity::2", "priority::2", "customer"), CreatedAt: ago(90), SeverityAt: ago(75), Milestone: "19.8"}},
		{"past-3-unknown", planning.Issue{Title: "Archive of a submodule is empty", Labels: ours("type::bug", "severity::3", "priority::3"), CreatedAt: ago(130), Milestone: "Backlog"}},
		{"past-4", planning.Issue{Title: "Tooltip of a tag shows the wrong time zone", Labels: theFrontends("type::bug", "severity::4", "priority::4"), CreatedAt: ago(160), SeverityAt: ago(150), Milestone: "Backlog"}},
		{"past-infradev", planning.Issue{Path: Gitaly.Path, Title: "Repository import exhausts the connection pool", Labels: ours("type::bug", "severity::1", "priority::1", "infradev"), CreatedAt: ago(12), SeverityAt: ago(11), Milestone: "19.7", Assignees: []string{"enid"}, Weight: triage.Int(2)}},
		{"near-1", planning.Issue{Title: "Protected tag can be moved by its creator", Labels: ours("type::bug", "severity::1", "priority::1"), CreatedAt: ago(27), SeverityAt: ago(25), Milestone: "19.7", Assignees: []string{"eric"}, Weight: triage.Int(2)}},
		{"near-2", planning.Issue{Title: "Webhook of a push names the wrong branch", Labels: ours("type::bug", "severity::2", "priority::2"), CreatedAt: ago(60), SeverityAt: ago(50), Milestone: "19.8"}},
		{"near-3-unknown", planning.Issue{Title: "Commit graph stops at a merge of two roots", Labels: ours("type::bug", "severity::3", "priority::3"), CreatedAt: ago(70), Milestone: "Backlog"}},
		{"near-infradev", planning.Issue{Path: Gitaly.Path, Title: "Housekeeping blocks writes for ten seconds", Labels: ours("type::bug", "severity::2", "priority::2", "infradev"), CreatedAt: ago(26), SeverityAt: ago(25), Milestone: "19.7", Assignees: []string{"ewan"}, Weight: triage.Int(2)}},
		{"in-time-4", planning.Issue{Title: "Snippet title is cut at 80 characters", Labels: ours("type::bug", "severity::4", "priority::4"), CreatedAt: ago(110), SeverityAt: ago(110), Milestone: "Backlog"}},
		{"limit-today", planning.Issue{Title: "File with a tab in its name cannot be opened", Labels: ours("type::bug", "severity::3", "priority::3"), CreatedAt: ago(95), SeverityAt: ago(90), Milestone: "19.8"}},
		{"two-severities", planning.Issue{Title: "Rebase in the browser drops a commit", Labels: ours("type::bug", "severity::3", "severity::2", "priority::2"), CreatedAt: ago(65), SeverityAt: ago(61), Milestone: "19.8"}},
	}
}

// waiting issues stand still.
func waiting() []named {
	return []named{
		{"blocked", planning.Issue{Title: "Use the new storage of large files", Labels: ours("type::feature", "workflow::blocked"), CreatedAt: ago(80), StateAt: ago(21), UpdatedAt: ago(21), Milestone: "19.8", Assignees: []string{"eva"}, Weight: triage.Int(3)}},
		{"blocked-unknown", planning.Issue{Title: "Drop the old protocol of hooks", Labels: ours("type::maintenance", "workflow::blocked"), CreatedAt: ago(90), UpdatedAt: ago(40), Milestone: "Backlog"}},
		{"blocked-lately", planning.Issue{Title: "Batch the checks of access to refs", Labels: ours("type::maintenance", "workflow::blocked"), CreatedAt: ago(60), StateAt: ago(5), Milestone: "19.8"}},
		{"stale", planning.Issue{Title: "Support replace refs", Labels: ours("type::feature"), CreatedAt: ago(900), UpdatedAt: ago(400), Milestone: "Backlog"}},
		{"stale-bug", planning.Issue{Title: "Old Internet addresses in the hook log", Labels: ours("type::bug", "severity::4", "priority::4"), CreatedAt: ago(800), SeverityAt: ago(780), UpdatedAt: ago(380), Milestone: "Backlog"}},
		{"almost-stale", planning.Issue{Title: "Give each fork network a page", Labels: ours("type::feature"), CreatedAt: ago(800), UpdatedAt: ago(364), Milestone: "Backlog"}},
	}
}

// duplicates have the same words in their titles as another.
func duplicates() []named {
	return []named{
		{"duplicate-1", planning.Issue{Title: "Download of an archive fails for large repositories", Labels: ours("type::bug", "severity::3", "priority::3"), CreatedAt: ago(30), SeverityAt: ago(29), Milestone: "Backlog"}},
		{"duplicate-2", planning.Issue{Title: "Archive download fails for large repositories!", Labels: ours("type::bug", "severity::3", "priority::3"), CreatedAt: ago(6), SeverityAt: ago(6), Milestone: "Backlog"}},
		{"duplicate-3", planning.Issue{Path: Gitaly.Path, Title: "Large repositories: download of the archive fails", Labels: ours("type::bug", "severity::3", "priority::3"), CreatedAt: ago(2), SeverityAt: ago(2), Milestone: "Backlog"}},
		{"duplicate-4", planning.Issue{Title: "Allow force push for maintainers", Labels: ours("type::feature"), CreatedAt: ago(100), Milestone: "Backlog"}},
		{"duplicate-5", planning.Issue{Title: "allow maintainers to FORCE PUSH", Labels: ours("type::feature"), CreatedAt: ago(9), Milestone: "Backlog"}},
		{"no-duplicate-1", planning.Issue{Title: "Bug", Labels: ours("type::bug", "severity::4", "priority::4"), CreatedAt: ago(8), SeverityAt: ago(8), Milestone: "Backlog"}},
		{"no-duplicate-2", planning.Issue{Title: "bug", Labels: ours("type::bug", "severity::4", "priority::4"), CreatedAt: ago(7), SeverityAt: ago(7), Milestone: "Backlog"}},
	}
}

// secret issues are confidential. Nothing of them but their existence may be told elsewhere.
func secret() []named {
	return []named{
		{"secret-untriaged", planning.Issue{Confidential: true, Title: "SECRET token in the job log", Labels: ours("security"), CreatedAt: ago(1)}},
		{"secret-past", planning.Issue{Confidential: true, Title: "SECRET branch names leak to guests", Labels: ours("security", "type::bug", "bug::vulnerability", "severity::2", "priority::1"), CreatedAt: ago(80), SeverityAt: ago(70), Milestone: "19.7", Assignees: []string{"ewan"}, Weight: triage.Int(3)}},
		{"secret-feature", planning.Issue{Confidential: true, Title: "SECRET contract of a customer wants signed tags", Labels: ours("type::feature", "customer"), CreatedAt: ago(10)}},
		{"secret-candidate", planning.Issue{Confidential: true, Path: Gitaly.Path, Title: "SECRET path traversal in archives", Labels: ours("security", "type::bug", "bug::vulnerability", "severity::2", "priority::1", "workflow::planning breakdown"), CreatedAt: ago(9), SeverityAt: ago(8), Milestone: "19.8"}},
		{"secret-in-home", planning.Issue{Confidential: true, Path: Planning.Path, Title: "SECRET plan of the reorganisation", Labels: ours("type::maintenance"), CreatedAt: ago(3), UpdatedAt: ago(380), Milestone: "Backlog"}},
		{"secret-duplicate", planning.Issue{Confidential: true, Title: "SECRET: allow force push for maintainers", Labels: ours("type::feature"), CreatedAt: ago(7), Milestone: "Backlog"}},
		{"security-public", planning.Issue{Title: "Harden the parser of commit messages", Labels: ours("security", "type::feature", "workflow::ready for development"), Milestone: "19.8", Assignees: []string{"ewan"}, Weight: triage.Int(3)}},
	}
}

// day is a day at noon.
func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 12, 0, 0, 0, time.UTC)
}
