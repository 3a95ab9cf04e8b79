package redact

import (
	"slices"
	"time"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules/triage"
)

// types are the names of issue types that GitLab ships. Others are somebody's own.
var types = []string{"Issue", "Incident", "Task", "Ticket", "Requirement", "Test Case", "Objective", "Key Result", "Epic"}

// Team is the policy's team, so that the scenario means the same elsewhere.
func Team(team *triage.Team, who *People) *scenario.Team {
	t := scenario.Team{
		GroupLabel: team.GroupLabel, Labels: slices.Concat([]string{}, team.Labels), Side: team.Side, Scope: "all", Roles: map[triage.Role][]string{},
	}
	if team.LabelledOnly {
		t.Scope = "labelled"
	}
	for role, names := range team.Roster {
		for _, name := range names {
			t.Roles[role] = append(t.Roles[role], who.Pseudonym(triage.Person{Username: name}))
		}
	}
	return &t
}

// Issue is the issue before the first event, which happened then. Its labels stand as they are.
func Issue(i triage.Issue, first time.Time, who *People) scenario.Issue {
	issue := scenario.Issue{
		Type: i.Type, Title: "An issue", Labels: slices.Concat([]string{}, triage.WithoutStatus(i.Labels)), Weight: i.Weight, Closed: i.Closed, Moved: i.Moved, Confidential: i.Confidential,
		StatusName: i.ShownStatus(), Milestone: i.Milestone != 0, Due: i.DueDate, Health: i.HealthStatus,
	}
	if i.Type != "" && !slices.Contains(types, i.Type) {
		issue.Type = "Custom"
	}
	if i.NoWeights {
		issue.Weights = new(bool)
	}
	if i.Author != (triage.Person{}) {
		issue.Author = who.Pseudonym(i.Author)
	}
	if len(i.Assignees) > 0 {
		issue.Assignee = who.Pseudonym(i.Assignees[0])
	}
	if !i.CreatedAt.IsZero() {
		issue.Age = Since(first, i.CreatedAt)
	}
	return issue
}

// Since is the time from one moment to a later one, to the millisecond; 0 if it is not later.
func Since(later, earlier time.Time) time.Duration {
	return max(0, later.Sub(earlier)).Round(time.Millisecond)
}

// Emoji is the thumbsup, or some other reaction: a group's own emoji may have any name.
func Emoji(name string) string {
	if triage.IsThumbsup(name) {
		return "thumbsup"
	}
	return "tada"
}
