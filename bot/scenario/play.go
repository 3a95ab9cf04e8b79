package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/command"
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
	issue, now := s.Issue, start
	var memory triage.Memory
	if s.Memory != nil {
		memory = *s.Memory
	}
	var decisions []string
	for n, step := range s.Steps {
		now = now.Add(step.Event.After + time.Nanosecond) // no two steps at the same time
		event, after, err := applyEvent(step.Event, issue, now)
		if err != nil {
			return decisions, fmt.Errorf("step %d: %w", n+1, err)
		}
		s.updateContext(event)
		c := engine.Case{Issue: after, Memory: memory, Events: []triage.Event{event}, Comments: s.comments(policy, step.Event, event), Now: now}
		d, err := s.decide(policy, c)
		for _, edit := range d.Pending.Intent.Reports {
			s.Report.State = s.Report.State.Edited(edit)
		}
		decisions = append(decisions, formatPending(d.Pending)+Format(d, after, now, err))
		issue, memory = d.Result, d.Memory
	}
	return decisions, nil
}

// comments are the step's comment with what its writer may do, if it is one.
func (s Scenario) comments(policy engine.Policy, step Event, event triage.Event) []engine.Comment {
	if event.Note == nil || event.Kind&triage.Noted == 0 {
		return nil
	}
	c := engine.Comment{Event: event, Level: triage.Developer}
	if step.Level != nil {
		c.Level = *step.Level
	}
	for _, l := range command.New(policy.Team.CommandPrefix(), "flowkeeper").Read(event.Note.Text) {
		c.Lines = append(c.Lines, engine.Line{Text: l.Text, Mention: l.Mention})
	}
	return []engine.Comment{c}
}

// maxLookups bounds how often a decision may need to know more.
const maxLookups = 8

// decide has the engine decide, looking up what it needs to know.
func (s Scenario) decide(policy engine.Policy, c engine.Case) (d engine.Decision, err error) {
	c.Facts = engine.Facts{FoundIssues: map[string]triage.FoundIssue{}, PastFindings: map[string][]engine.PastFinding{}}
	for range maxLookups {
		var needs engine.Needs
		if d, needs, err = engine.Decide(policy, c); err != nil || needs.Empty() {
			return d, err
		}
		if needs.Facts != 0 {
			c.Issue, c.Memory.Context = s.afterClosing(c.Issue), s.loadContext(needs, c.Issue, c.Now)
			c.Facts.AgreementsCounted = c.Facts.AgreementsCounted || d.InScope && needs.Facts&triage.NeedAgreements != 0
		}
		if needs.Reactions {
			c.Facts.Reactions = &s.Given
		}
		if needs.Report {
			c.Facts.Report = &s.Report
		}
		if needs.Facts&triage.NeedSeverityAt != 0 {
			c.Memory.SeverityAt = s.severityAt()
		}
		for _, text := range needs.FindIssues {
			c.Facts.FoundIssues[text] = s.findIssue(c.Issue, text)
		}
		for _, rule := range needs.PastFindings {
			c.Facts.PastFindings[rule] = nil
		}
	}
	return d, errors.New("the decision needs to know the same again and again")
}

// updateContext keeps what GitLab would tell in step with what happens.
func (s *Scenario) updateContext(e triage.Event) {
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

// loadContext is what GitLab would tell of the issue's surroundings.
func (s Scenario) loadContext(needs engine.Needs, issue triage.Issue, now time.Time) triage.Context {
	loaded := s.Around
	loaded.Milestone.ID = issue.Milestone
	if needs.Facts&triage.NeedLinks == 0 {
		loaded.Links = needs.Known.Links
	}
	loaded.Agreements = maps.Clone(s.Around.Agreements)
	loaded.Known, loaded.LoadedAt = needs.Known.Known|needs.Facts, now
	if level, told := s.Around.AccessLevels[triage.UsernameKey(s.Issue.Author.Username)]; told {
		loaded.AuthorLevel = level
	} else {
		loaded.AuthorLevel = triage.Developer
	}
	return loaded
}

// severityAt is when the issue got its first severity label.
func (s Scenario) severityAt() time.Time {
	if s.SeverityAge == 0 {
		return s.Issue.CreatedAt
	}
	return start.Add(-s.SeverityAge)
}

// findIssue looks up an issue that a comment names.
func (s Scenario) findIssue(issue triage.Issue, text string) triage.FoundIssue {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64)
	if err == nil && n == issue.IID {
		return triage.FoundIssue{Ref: issue.Ref}
	}
	for _, other := range s.Issues {
		if err == nil && other == n {
			return triage.FoundIssue{Ref: triage.Ref{Project: issue.Project, IID: n}}
		}
	}
	return triage.FoundIssue{Problem: "there is no such issue that the bot can see"}
}

// afterClosing is an issue as GitLab shows it when it has finished closing it.
func (s Scenario) afterClosing(issue triage.Issue) triage.Issue {
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

// applyEvent is the event and the issue after it.
func applyEvent(e Event, issue triage.Issue, now time.Time) (triage.Event, triage.Issue, error) {
	by := e.By
	if by == "" {
		by = "ann"
	}
	event := triage.Event{Kind: kinds[e.Kind], Actor: triage.Person{ID: userID(by), Username: by}, At: now, ReceivedAt: now}
	labels := slices.DeleteFunc(slices.Clone(issue.Labels), func(l string) bool { return slices.Contains(e.Remove, l) })
	issue.Labels = append(labels, e.Add...)
	event.Changes.Added, event.Changes.Removed = e.Add, e.Remove
	if len(e.Add)+len(e.Remove) > 0 {
		event.Kind |= triage.LabelsChanged
	}
	if e.Weight != "" {
		weight, err := parseWeight(e.Weight)
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

func parseWeight(s string) (*int, error) {
	if s == "none" {
		return nil, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil, fmt.Errorf("weight %q: a number or none is wanted", s)
	}
	return &n, nil
}
