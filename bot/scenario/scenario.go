package scenario

import (
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Scenario is a story about one issue, as the rules see it.
type Scenario struct {
	About  string
	Team   triage.TeamConfig
	Issue  triage.Issue
	Memory *triage.Memory
	Around triage.Context
	Issues []int64 // other issues of the project
	// ClosedAs is why the issue was closed, as GitLab tells it when it has finished that: "duplicate", "moved", "default" if its status is the one that GitLab
	// gives by itself, or "".
	ClosedAs string
	OpenedAs string // "default" if the status of an open issue is the one that GitLab gives by itself, or ""
	Given    []triage.GivenReaction
	Epics    bool            // the project's group has them
	Report   planning.Report // that the issue shows; without a kind it is no report
	// SeverityAge is how long before the beginning the issue got its first severity label; 0: with its opening.
	SeverityAge time.Duration
	Rules       map[string]Rule // what differs from the rules' defaults, by id
	Policies    string          // a policy file: who plays the scenario adds its policies to the policy, and takes it away here
	Steps       []Step

	rulesLine, policiesLine int
}

// Rule is how a scenario configures a rule. An empty mode keeps the default.
type Rule struct {
	Mode    string
	Options map[string]any
}

// start is when all scenarios begin: a Monday morning.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Parse reads a scenario of a team, which the file may change. An error is of type *Error.
func Parse(data []byte, team triage.TeamConfig) (Scenario, error) {
	f, err := Read(data)
	if err != nil {
		return Scenario{}, err
	}
	s := Scenario{About: f.About, Team: team, Issue: f.Issue.issue(), Rules: rules(f.Rules), rulesLine: f.RulesLine, Policies: f.Policies, policiesLine: f.PoliciesLine, Steps: f.Steps}
	s.Around.AutoClose = true
	if f.Team != nil {
		s.Team = f.Team.applyTo(team)
	}
	if f.Memory != nil {
		s.Memory = f.Memory.memory()
	}
	if f.Around != nil {
		s.Around, s.Issues, s.SeverityAge = f.Around.around(), f.Around.Issues, f.Around.SeverityAge
		s.ClosedAs, s.OpenedAs = f.Around.ClosedAs, f.Around.OpenedAs
		s.Given, s.Epics = f.Around.given(), f.Around.Epics
		s.Report, _ = f.Around.report() // checked when it was read
	}
	return s, nil
}

func (t Team) applyTo(team triage.TeamConfig) triage.TeamConfig {
	if t.GroupLabel != "" {
		team.GroupLabel = t.GroupLabel
	}
	if t.Labels != nil {
		team.Labels = t.Labels
	}
	if t.Side != "" {
		team.Side = t.Side
	}
	if t.Scope != "" {
		team.LabelledOnly = t.Scope == "labelled"
	}
	if t.Store != "" {
		team.Store = t.Store
	}
	if t.Roles != nil {
		team.Roster = t.Roles
	}
	return team
}

func rules(written map[string]any) map[string]Rule {
	if written == nil {
		return nil
	}
	rules := map[string]Rule{}
	for id, v := range written {
		switch v := v.(type) {
		case string:
			rules[id] = Rule{Mode: v}
		case map[string]any:
			mode, _ := v["mode"].(string)
			delete(v, "mode")
			rules[id] = Rule{Mode: mode, Options: v}
		}
	}
	return rules
}

func (i Issue) issue() triage.Issue {
	issue := triage.Issue{
		Ref: triage.Ref{Project: 1, IID: 1}, Type: i.Type, Title: i.Title, Labels: i.Labels, Weight: i.Weight,
		NoWeights: i.Weights != nil && !*i.Weights, Closed: i.Closed, Moved: i.Moved, Confidential: i.Confidential, StatusName: i.StatusName,
		Author: triage.Person{ID: userID(i.Author), Username: i.Author}, Assignees: people(i.Assignee),
		CreatedAt: start.Add(-i.Age), UpdatedAt: start.Add(-i.Untouched), DueDate: i.Due, HealthStatus: i.Health, Path: "group/project",
	}
	if i.Milestone {
		issue.Milestone = someMilestone
	}
	if i.MergeRequest != nil {
		i.MergeRequest.describe(&issue)
	}
	return issue
}

func (m Memory) memory() *triage.Memory {
	memory := triage.Memory{
		BotChanges: map[string]triage.BotChange{}, Suspensions: map[string]triage.Undoing{}, Undone: map[string]triage.Undoing{},
		Silences: map[string]triage.Silence{}, WeightDropped: m.WeightDropped,
	}
	for key, o := range m.Own {
		memory.BotChanges[key] = triage.BotChange{Rule: o.Rule, Value: o.Value, Removed: o.Removed}
	}
	for rule, what := range m.Suspended {
		memory.Suspensions[rule] = triage.Undoing{What: what}
	}
	for key, what := range m.Undone {
		memory.Undone[key] = triage.Undoing{What: what}
	}
	for rule, d := range m.Snoozed {
		memory.Silences[rule] = triage.Silence{Until: start.Add(d)}
	}
	if m.Bump != nil {
		memory.Bump = &triage.Bump{From: m.Bump.From, To: m.Bump.To}
	}
	return &memory
}

func (a Around) around() triage.Context {
	around := triage.Context{AccessLevels: a.Levels, Agreements: map[string]triage.Agreement{}}
	around.Milestone = triage.MilestoneFacts{Title: a.Milestone.Title, Start: a.Milestone.Start, Due: a.Milestone.Due, Next: a.Milestone.Next}
	around.Milestone.Upcoming, around.Milestone.Started = a.Milestone.Upcoming, a.Milestone.Started
	a.policyFacts(&around)
	for _, kind := range a.Links {
		around.Links = append(around.Links, triage.Link{Kind: kind})
	}
	for _, iid := range a.FollowUps {
		around.Links = append(around.Links, triage.Link{
			Kind: triage.RelatesTo, Ref: triage.Ref{Project: 1, IID: iid}, Created: start.Add(time.Second), Labels: []string{"follow-up"},
		})
	}
	for name, how := range a.Agreements {
		around.Agreements[name] = triage.Agreement{ID: userID(name), Thumb: how == "thumb", Comment: how == "comment"}
	}
	around.AutoClose, around.ClosedLabels = a.AutoClose == nil || *a.AutoClose, a.ClosedLabels
	for _, m := range a.MergeRequests {
		around.MergeRequests = triage.WithMergeRequest(around.MergeRequests, m.mergeRequest(start))
	}
	if a.Commented > 0 {
		around.LastComment = start.Add(a.Commented)
	}
	return around
}

// policyFacts are what only policies ask for.
func (a Around) policyFacts(around *triage.Context) {
	if len(a.Votes) == 2 {
		around.Votes = triage.Votes{Up: a.Votes[0], Down: a.Votes[1]}
	}
	if len(a.Discussions) == 2 {
		around.Discussions = triage.Discussions{Threads: a.Discussions[0], Notes: a.Discussions[1]}
	}
	around.Iteration = a.Iteration
	around.Memberships = map[string]bool{}
	for _, member := range a.Members {
		source, name, _ := strings.Cut(member, ":")
		around.Memberships[source+":"+strconv.FormatInt(userID(name), 10)] = true
	}
}

// someMilestone is the id of the one milestone that scenarios have.
const someMilestone = 7

// people is a list of one, or empty for "" and "nobody".
func people(name string) []triage.Person {
	if name == "" || name == "nobody" {
		return nil
	}
	return []triage.Person{{ID: userID(name), Username: name}}
}

// userID gives every name of a scenario its own user id.
func userID(name string) int64 {
	var n int64
	for _, r := range name {
		n = n*31 + int64(r)
	}
	return n
}
