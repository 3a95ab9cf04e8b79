package planningtest

import (
	"fmt"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// usual is the n-th issue without anything special: triaged, scheduled or put off, and younger than any limit. Index is its place among all
// issues.
func usual(n, index int) planning.Issue {
	title := fmt.Sprintf("%s %s", does[n%len(does)], what[(n/len(does)+n)%len(what)])
	i := planning.Issue{
		Title:     title,
		CreatedAt: ago(2 + n%40),
		UpdatedAt: ago(n % 14),
		Milestone: pick(n, "Backlog", "19.8", "Backlog", "19.7", "Backlog", "Backlog", "19.8"),
		Author:    pick(n, "mika", "eric", "quinn", "noor", "priya"),
	}
	if n%9 == 4 {
		i.Path = Gitaly.Path
	}
	i.Labels = labelsOfUsual(n)
	if i.Milestone == "Backlog" {
		i.Labels = append(i.Labels, pick(n, "workflow::planning breakdown", "workflow::validation backlog"))
	} else {
		schedule(&i, n)
	}
	if n%5 < 2 {
		i.SeverityAt = i.CreatedAt
	}
	complete(&i, index)
	return i
}

// labelsOfUsual are those of the team, of the type and, for two of five, of a bug's urgency.
func labelsOfUsual(n int) []string {
	labels := ours()
	if n%8 == 7 {
		labels = theFrontends()
	}
	if n%5 >= 2 {
		return append(labels, pick(n, "type::feature", "type::maintenance"))
	}
	level := pick(n/5, "3", "4", "3", "2", "4", "3", "4", "3", "4", "4", "3")
	priority := pick(n/3, level, level, level, "3", level, "4", level, "2")
	if level == "2" { // in time for its limit of sixty days, also near it
		priority = "2"
	}
	return append(labels, "type::bug", "severity::"+level, "priority::"+priority)
}

// schedule gives an issue what it has in a milestone.
func schedule(i *planning.Issue, n int) {
	i.Weight = triage.Int(n % 4)
	if i.Milestone == "19.7" {
		i.Labels = append(i.Labels, pick(n/7, "workflow::in dev", "workflow::in review", "workflow::complete", "workflow::verification"), pick(n/3, "Deliverable", "Deliverable", "Stretch"))
		i.Assignees = []string{pick(n/7, "erin", "enid", "ewan", "eva", "eric")}
		i.StateAt = ago(n % 9)
		if pick(n/7, "", "", "done", "") == "done" {
			i.Closed, i.ClosedAt = true, ago(n%9)
		}
		return
	}
	i.Labels = append(i.Labels, pick(n/7, "workflow::planning breakdown", "workflow::ready for development", "workflow::refinement"))
	if n%3 == 0 {
		i.Weight = nil
	}
	if n%14 == 1 {
		i.Assignees = []string{pick(n/14, "enid", "ewan", "eva", "erin")}
	}
}

// pick is the n-th of some texts, round and round.
func pick(n int, of ...string) string { return of[n%len(of)] }

var does = []string{
	"Document", "Speed up", "Simplify", "Test", "Paginate", "Translate", "Cache", "Audit", "Rename", "Split", "Measure", "Validate", "Preload",
}

var what = []string{
	"the page of branches", "deploy keys", "push rules", "file templates", "the commit list", "code owners", "signed commits", "the fork network",
	"repository languages", "snippets", "pull mirrors", "cherry-picks", "approval rules", "server hooks", "LFS objects", "the file finder",
	"protected tags", "squash merges", "blame caches",
}
