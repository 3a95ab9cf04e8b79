package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// kinds are the event kinds by their name in a scenario.
var kinds = map[string]triage.Kind{
	"": triage.Updated, "opened": triage.Opened, "closed": triage.Closed | triage.Updated, "reopened": triage.Reopened | triage.Updated,
	"commented": triage.Noted, "awarded": triage.Awarded, "revoked": triage.Revoked, "woken": triage.Woken, "swept": triage.Swept,
}

// Play runs the scenario's steps one after the other, each on the issue and the memory that the one before left behind, and returns
// the decisions as text. The policy's team is replaced by the scenario's.
func (s Scenario) Play(policy engine.Policy) ([]string, error) {
	policy.Team = triage.NewTeam(s.Team)
	if err := s.configure(&policy); err != nil {
		return nil, err
	}
	issue, memory, now := s.Issue, s.Memory, start
	var decisions []string
	for n, step := range s.Steps {
		now = now.Add(step.Event.After + time.Nanosecond) // no two steps at the same time
		event, after, err := happen(step.Event, issue, now)
		if err != nil {
			return decisions, fmt.Errorf("step %d: %w", n+1, err)
		}
		s.tell(event)
		s.level = triage.Developer
		if step.Event.Level != nil {
			s.level = *step.Event.Level
		}
		told := s.obey(policy, event, after, memory, now)
		memory = &told.Memory
		events := append([]triage.Event{event}, told.Events...)
		policy := policy
		if told.RecheckAll {
			events, policy.Grace = append(events, triage.Event{Kind: triage.Swept, At: now, ReceivedAt: now}), 0
			policy.TriageDays = 0
		}
		d, err := engine.Decide(policy, events, told.Issue, memory, now)
		if d.Needs != 0 {
			memory = s.load(memory, d.Needs, now)
			d, err = engine.Decide(policy, events, s.closed(told.Issue), memory, now)
		}
		decisions = append(decisions, formatObeyed(told, s.explain(policy, told, d, now))+Format(d, after, now, err))
		issue, memory = d.Result, &d.Memory
	}
	return decisions, nil
}

// tell keeps what GitLab would tell in step with what happens.
func (s *Scenario) tell(e triage.Event) {
	if s.Around.Agreements == nil {
		s.Around.Agreements = map[string]triage.Agreement{}
	}
	a := s.Around.Agreements[triage.UsernameKey(e.Actor.Username)]
	switch {
	case e.Emoji != nil && triage.IsThumbsup(e.Emoji.Name):
		a.Thumb = e.Kind&triage.Awarded != 0
	case e.Note != nil && (triage.IsAgreement(e.Note.Text) || strings.EqualFold(e.Note.Text, "/flow agree")):
		a.Comment = true
	default:
		return
	}
	a.ID = e.Actor.ID
	s.Around.Agreements[triage.UsernameKey(e.Actor.Username)] = a
	if !a.Thumb && !a.Comment {
		delete(s.Around.Agreements, triage.UsernameKey(e.Actor.Username))
	}
}

// load is the memory with what GitLab would tell.
func (s Scenario) load(m *triage.Memory, needs triage.Need, now time.Time) *triage.Memory {
	if m == nil {
		m = &triage.Memory{}
	}
	loaded := m.Clone()
	known, links := loaded.Context.Known|needs, loaded.Context.Links
	loaded.Context = s.Around
	if needs&triage.NeedLinks == 0 {
		loaded.Context.Links = links // those that commands make are among them
	}
	loaded.Context.Agreements = maps.Clone(s.Around.Agreements)
	loaded.Context.Known, loaded.Context.LoadedAt = known, now
	if level, told := s.Around.AccessLevels[triage.UsernameKey(s.Issue.Author.Username)]; told {
		loaded.Context.AuthorLevel = level
	} else {
		loaded.Context.AuthorLevel = triage.Developer
	}
	return &loaded
}

// closed is an issue as GitLab shows it when it has finished closing it.
func (s Scenario) closed(issue triage.Issue) triage.Issue {
	issue.Duplicated = issue.Closed && s.ClosedAs == "duplicate"
	issue.Moved = issue.Moved || issue.Closed && s.ClosedAs == "moved"
	return issue
}

// configure sets the modes and options that the scenario gives.
func (s Scenario) configure(policy *engine.Policy) error {
	policy.Settings = slices.Clone(policy.Settings)
	for id, r := range s.Rules {
		n := slices.IndexFunc(policy.Settings, func(s engine.Setting) bool { return s.ID == id })
		if n < 0 {
			return fmt.Errorf("there is no rule %q here", id)
		}
		setting := &policy.Settings[n]
		if r.Mode != "" {
			mode, err := triage.ParseMode(r.Mode)
			if err != nil || mode > setting.MaxMode {
				return fmt.Errorf("rule %s cannot have mode %q, at most %s", id, r.Mode, setting.MaxMode)
			}
			setting.Mode = mode
		}
		setting.Options = maps.Clone(setting.Options)
		for name, value := range r.Options {
			if _, ok := setting.Options[name]; !ok {
				return fmt.Errorf("rule %s has no option %q", id, name)
			}
			if n, ok := value.(uint64); ok {
				value = int(n)
			}
			setting.Options[name] = value
		}
	}
	return nil
}

// happen is the event and the issue after it.
func happen(e Event, issue triage.Issue, now time.Time) (triage.Event, triage.Issue, error) {
	by := e.By
	if by == "" {
		by = "ann"
	}
	event := triage.Event{Kind: kinds[e.Kind], Actor: triage.Person{ID: id(by), Username: by}, At: now, ReceivedAt: now}
	labels := slices.DeleteFunc(slices.Clone(issue.Labels), func(l string) bool { return slices.Contains(e.Remove, l) })
	issue.Labels = append(labels, e.Add...)
	event.Changes.Added, event.Changes.Removed = e.Add, e.Remove
	if len(e.Add)+len(e.Remove) > 0 {
		event.Kind |= triage.LabelsChanged
	}
	if e.Weight != "" {
		weight, err := weight(e.Weight)
		if err != nil {
			return event, issue, err
		}
		event.Changes.Weight = &triage.WeightChange{From: issue.Weight, To: weight}
		event.Kind |= triage.WeightChanged
		issue.Weight = weight
	}
	if e.Assign != "" {
		issue.Assignees = people(e.Assign)
		event.Kind |= triage.AssigneesChanged
	}
	if e.Milestone != "" {
		issue.Milestone = 0
		if e.Milestone == "set" {
			issue.Milestone = someMilestone
		}
		event.Kind |= triage.MilestoneChanged
	}
	if e.Emoji != "" {
		event.Emoji = &triage.Emoji{Name: e.Emoji}
	}
	if e.Kind == "commented" {
		event.Note = &triage.Note{ID: now.UnixNano() % 1_000_000, Text: e.Text, Internal: e.Internal}
	}
	if event.Kind&(triage.Closed|triage.Reopened) != 0 {
		issue.Closed = e.Kind == "closed"
	}
	if e.Status != "" {
		issue.Status = e.Status
	}
	issue.UpdatedAt = now
	return event, issue, nil
}

func weight(s string) (*int, error) {
	if s == "none" {
		return nil, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil, fmt.Errorf("weight %q: a number or none is wanted", s)
	}
	return &n, nil
}
