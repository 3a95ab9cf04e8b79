package rules_test

import (
	"time"

	"pgregory.net/rapid"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// labels are those the rules mention, some misspelt, and a few they do not know.
var labels = []string{
	"backend", "frontend", "devops::create", "devops::plan", "Category:Source Code Management", "Category:Git LFS", "group::source code",
	"workflow::start", "workflow::ready for design", "workflow::design", "workflow::refinement", "workflow::ready for development",
	"workflow::in dev", "workflow:: in dev", "Workflow::Design", "workflow::unheard of", "UX", "ux", "spike", "Spike", "security",
	"bug::vulnerability", "bug::performance", "type::bug", "type::feature", "type::maintenance", "Type::Bug", "severity::1", "severity::4",
	"priority::2", "priority:: 2", "needs research", "Deliverable", "backend-weight::0", "backend-weight::3", "backend-weight::5",
	"frontend-weight::2", "backend-weight::large", "something else", "a::b", "a::b::c",
	"workflow::planning breakdown", "workflow::blocked", "severity::3", "priority::1", "priority::3", "priority::4", "Priority::3", "regression",
	"regression:17.9", "quick win", "Seeking community contributions", "seeking community contributions", "follow-up", "Duplicate", "duplicate",
	"severity::2", "infradev", "SLO::Missed", "SLO::Near Miss", "missed-SLO", "missed:18.9", "missed-deliverable",
}

// world draws a policy, an issue, what is remembered of it and what happened to it.
type world struct {
	policy engine.Policy
	issue  triage.Issue
	memory triage.Memory
	events []triage.Event
}

func drawWorld(t *rapid.T) world {
	w := world{policy: drawPolicy(t), issue: drawIssue(t)}
	w.events = drawEvents(t, w.issue)
	if rapid.Bool().Draw(t, "remembers") {
		w.memory = drawMemory(t)
	}
	return w
}

func drawPolicy(t *rapid.T) engine.Policy {
	settings := engine.Defaults(rules.Catalogue())
	allAct := rapid.IntRange(0, 2).Draw(t, "all act") == 0
	for i := range settings {
		if allAct {
			settings[i].Mode = settings[i].MaxMode
		} else if rapid.IntRange(0, 3).Draw(t, "other mode") == 0 {
			settings[i].Mode = triage.Mode(rapid.IntRange(0, int(settings[i].MaxMode)).Draw(t, "mode of "+settings[i].ID))
		}
	}
	return engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Grace: 5 * time.Minute}
}

func drawLabels(t *rapid.T, name string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(labels), 0, 8, rapid.ID).Draw(t, name)
}

func drawWeight(t *rapid.T) *int {
	if w := rapid.IntRange(-1, 7).Draw(t, "weight"); w >= 0 {
		return &w
	}
	return nil
}

func drawIssue(t *rapid.T) triage.Issue {
	i := triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Labels: drawLabels(t, "labels"), CreatedAt: noon, UpdatedAt: noon}
	i.Type = rapid.SampledFrom([]string{"Issue", "Task", "Incident", "Story", ""}).Draw(t, "type")
	i.Closed = rapid.IntRange(0, 9).Draw(t, "closed") == 0
	i.NoWeights = rapid.IntRange(0, 4).Draw(t, "free") == 0
	if !i.NoWeights {
		i.Weight = drawWeight(t)
	}
	if rapid.Bool().Draw(t, "assigned") {
		i.Assignees = []triage.Person{{ID: 7, Username: "omar"}}
	}
	if rapid.Bool().Draw(t, "planned") {
		i.Milestone = 3
	}
	return i
}

func drawEvents(t *rapid.T, issue triage.Issue) []triage.Event {
	n := rapid.IntRange(1, 4).Draw(t, "events")
	events := make([]triage.Event, n)
	for i := range events {
		e := &events[i]
		e.Kind = triage.Kind(rapid.Uint32Range(1, 1<<13-1).Draw(t, "kind"))
		e.At, e.ReceivedAt = noon.Add(time.Duration(i)*time.Second), noon
		e.Actor = triage.Person{ID: int64(i + 1), Username: "p"}
		if e.Kind&triage.LabelsChanged != 0 && len(issue.Labels) > 0 {
			e.Changes.Added = []string{rapid.SampledFrom(issue.Labels).Draw(t, "added")}
		}
		if e.Kind&triage.WeightChanged != 0 {
			e.Changes.Weight = &triage.WeightChange{To: issue.Weight}
		}
	}
	return events
}

func drawMemory(t *rapid.T) triage.Memory {
	var m triage.Memory
	if rapid.Bool().Draw(t, "looked up") {
		m.Context.Known, m.Context.LoadedAt = ^triage.Need(0), noon
	}
	if rapid.Bool().Draw(t, "severity known") {
		m.SeverityAt = noon.AddDate(0, 0, -rapid.IntRange(0, 130).Draw(t, "severity for days"))
	}
	if rapid.Bool().Draw(t, "milestone known") {
		m.Context.Milestone = triage.MilestoneFacts{
			ID: 3, Title: rapid.SampledFrom([]string{"18.9", "Backlog"}).Draw(t, "milestone"), Start: "2026-01-10",
			Due: rapid.SampledFrom([]string{"", "2026-02-13", "2026-03-13"}).Draw(t, "due"), Next: rapid.SampledFrom([]string{"", "18.10"}).Draw(t, "next"),
		}
	}
	m.Touched = noon.Add(-time.Duration(rapid.IntRange(0, 10).Draw(t, "touched")) * time.Minute)
	if rapid.Bool().Draw(t, "bumped") {
		from := rapid.IntRange(0, 4).Draw(t, "from")
		m.Bump = &triage.Bump{From: from, To: from + 1}
	}
	m.BotChanges = map[string]triage.BotChange{}
	for _, l := range drawLabels(t, "own") {
		m.BotChanges["label:"+l] = triage.BotChange{Rule: rapid.SampledFrom([]string{"", "team-labels", "weight-research"}).Draw(t, "of"), Removed: rapid.Bool().Draw(t, "off")}
	}
	m.Suspensions = map[string]triage.Undoing{}
	for _, r := range rules.Catalogue() {
		if rapid.IntRange(0, 7).Draw(t, "rests") == 0 {
			m.Suspensions[r.ID] = triage.Undoing{What: "something"}
		}
	}
	return m
}
