package demo

import (
	"slices"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// backlog is what has piled up in the team's project until Monday: something for most of the lists of a triage report.
func backlog(now time.Time) []sandbox.Imported {
	ours := []string{"backend", "devops::create", "Category:Source Code Management", "group::source code"}
	days := func(n int) time.Time { return now.AddDate(0, 0, -n).Add(-time.Hour) }
	issue := func(title string, age, idle int, milestone string, labels ...string) sandbox.Imported {
		return sandbox.Imported{
			IssueOptions: sandbox.IssueOptions{Title: title, Labels: slices.Concat(ours, labels), Milestone: milestone},
			Author:       "ann", CreatedAt: days(age), UpdatedAt: days(idle), LabelledAt: map[string]time.Time{},
		}
	}
	pushes := issue("Pushes are lost when Gitaly restarts", 50, 3, "Backlog", "type::bug", "severity::1", "priority::1")
	pushes.LabelledAt["severity::1"] = days(42)
	storage := issue("Use the new storage of large files", 80, 21, "Backlog", "type::feature", "workflow::blocked")
	storage.LabelledAt["workflow::blocked"] = days(21)
	storage.Assignees, storage.Weight = []string{"omar"}, triage.Int(3)
	secret := issue(secret+" wants signed tags", 10, 9, "", "type::feature", "customer")
	secret.Confidential = true
	return []sandbox.Imported{
		{IssueOptions: sandbox.IssueOptions{Title: "Push over SSH hangs for two minutes"}, Author: "ann", CreatedAt: days(2), UpdatedAt: days(2)},
		issue("Blame view shows the wrong author", 20, 3, "Backlog", "type::bug", "priority::3"),
		issue("Restrict who may create tags by pattern", 200, 60, "", "type::feature", "customer"),
		issue("Sort branches by their last commit", 300, 30, "", "type::feature"),
		pushes,
		issue("Download of an archive fails for large repositories", 30, 3, "Backlog", "type::bug", "severity::3", "priority::3"),
		issue("Archive download fails for large repositories!", 6, 3, "Backlog", "type::bug", "severity::3", "priority::3"),
		storage,
		issue("Support replace refs", 900, 400, "Backlog", "type::feature"),
		secret,
	}
}
