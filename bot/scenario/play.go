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
	policiesDue:       triage.PoliciesDue,
	mergeRequestEvent: triage.MergeRequestChanged,
}

// Outcome is what the rules made of a step.
type Outcome struct {
	Text     string           // the decision for people
	Findings []engine.Finding // of all rules, also of those that the text does not show
	Idle     bool             // time passed and the bot was not woken
}

// Play runs the scenario's steps one after the other, each on the issue and the memory that the one before left behind, and returns the decisions
// as text. The policy's team is replaced by the scenario's. An error is of type *Error.
func (s Scenario) Play(policy engine.Policy) ([]string, error) {
	outcomes, err := s.Outcomes(policy)
	texts := make([]string, len(outcomes))
	for n, o := range outcomes {
		texts[n] = o.Text
	}
	return texts, err
}

// add takes up what rules say later. What a rule said when it looked counts more than that it did not look again.
func (o *Outcome) add(later []engine.Finding) {
	before := o.Findings
	o.Findings = slices.Clone(later)
	for n, f := range o.Findings {
		said := slices.IndexFunc(before, func(b engine.Finding) bool { return b.Rule == f.Rule && b.Evaluated })
		if !f.Evaluated && said >= 0 {
			o.Findings[n] = before[said]
		}
	}
}

// Outcomes plays the scenario as Play does.
func (s Scenario) Outcomes(policy engine.Policy) ([]Outcome, error) {
	if s.Policies != "" {
		return nil, &Error{s.policiesLine, "policies belong into the configuration that the scenario is played with"}
	}
	policy.Team = triage.NewTeam(s.Team)
	if err := s.configure(&policy); err != nil {
		return nil, &Error{s.rulesLine, err.Error()}
	}
	p := player{Scenario: s, policy: policy, issue: s.Issue, now: start}
	if s.Memory != nil {
		p.memory = *s.Memory
	}
	var outcomes []Outcome
	for _, step := range s.Steps {
		played := p.step
		if step.Event.Kind == later {
			played = p.later
		}
		outcome, err := played(step.Event)
		if err != nil {
			return outcomes, &Error{step.Line, err.Error()}
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

// player is a scenario that is being played: the issue, what the bot remembers of it, and when it wants to be woken.
type player struct {
	Scenario
	policy engine.Policy
	issue  triage.Issue
	memory triage.Memory
	now    time.Time
	wake   time.Time
	note   string // as it was written last
}

// step lets a person do something.
func (p *player) step(e Event) (Outcome, error) {
	p.now = p.now.Add(e.After + time.Nanosecond) // no two steps at the same time
	event, after, err := applyEvent(e, p.issue, p.now)
	if err != nil {
		return Outcome{}, err
	}
	p.updateContext(event)
	c := engine.Case{Issue: after, Memory: p.memory, Events: []triage.Event{event}, Comments: p.comments(p.policy, e, event), Now: p.now}
	d, err := p.decide(p.policy, c)
	for _, edit := range d.Pending.Intent.Reports {
		p.Report.State = p.Report.State.Edited(edit)
	}
	text := formatPending(d.Pending) + Format(d, after, p.now, err)
	wrote := p.writes(after, &d)
	p.issue, p.memory, p.wake = d.Result, d.Memory, d.WakeAt
	if wrote {
		p.issue.UpdatedAt = p.now
	}
	p.issue.MoveTo = ""
	p.issue.StatusName = p.issue.ShownStatus()
	return Outcome{Text: text, Findings: d.Findings}, nil
}

// writes reports whether the bot writes anything to GitLab, which moves the issue's last change. Comments are then made.
func (p *player) writes(before triage.Issue, d *engine.Decision) bool {
	wrote := !triage.Difference(before, d.Result).Empty() || len(d.Comments) > 0
	if d.UpdateNote {
		var note strings.Builder
		formatNote(&note, d.Note)
		wrote = wrote || note.String() != p.note
		p.note = note.String()
	}
	for n, c := range d.Comments {
		spell := d.Memory.Spells[c.Rule]
		spell.Said = int64(n + 1)
		d.Memory.Spells[c.Rule] = spell
	}
	return wrote
}

// maxWakes bounds how often the bot is woken in one step.
const maxWakes = 1000

// later lets time pass. Of the wake-ups only those are shown that come to something else than what was decided before.
func (p *player) later(e Event) (Outcome, error) {
	began, until := p.now, p.now.Add(e.After)
	var shown strings.Builder
	all, last := Outcome{Idle: true}, ""
	for n := 0; !p.wake.IsZero() && !p.wake.After(until); n++ {
		if n == maxWakes {
			return all, fmt.Errorf("the bot wants to be woken more than %d times", maxWakes)
		}
		woken, err := p.step(Event{Kind: "woken", After: max(0, p.wake.Sub(p.now)-time.Nanosecond)})
		if err != nil {
			return all, err
		}
		all.add(woken.Findings)
		all.Idle = false
		decided, _, _ := strings.Cut(woken.Text, lookAgain)
		if decided != "" && decided != last {
			fmt.Fprintf(&shown, "after %s:\n%s", formatDuration(p.now.Sub(began)), decided)
		}
		last = decided
	}
	p.now = until
	if shown.Len() == 0 {
		shown.WriteString("nothing happens\n")
	}
	if !p.wake.IsZero() {
		fmt.Fprintf(&shown, "%s%s\n", lookAgain, p.wake.Sub(until).Round(time.Second))
	}
	all.Text = shown.String()
	return all, nil
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
			c.Issue, c.Memory.Context = s.asRead(c.Issue), s.loadContext(needs, c.Issue, c.Now)
			c.Facts.AgreementsCounted = c.Facts.AgreementsCounted || d.InScope && needs.Facts&triage.NeedAgreements != 0
		}
		if needs.LookUp&triage.LookUpEpics != 0 {
			c.Facts.Epics = &s.Epics
		}
		if needs.LookUp&triage.LookUpReactions != 0 {
			c.Facts.Reactions = &s.Given
		}
		if needs.LookUp&triage.LookUpReport != 0 {
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
	case e.MergeRequest != nil:
		s.Around.MergeRequests = triage.WithMergeRequest(s.Around.MergeRequests, *e.MergeRequest)
		return
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
	loaded.Memberships = maps.Clone(s.Around.Memberships)
	for _, m := range needs.Memberships {
		loaded.Memberships[m.Key()] = loaded.Memberships[m.Key()]
	}
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

// asRead is an issue as GitLab shows it when it is asked, and has finished closing it.
func (s Scenario) asRead(issue triage.Issue) triage.Issue {
	issue.Duplicated = issue.Closed && s.ClosedAs == "duplicate"
	issue.DefaultStatus = issue.Closed && s.ClosedAs == "default" || !issue.Closed && s.OpenedAs == "default"
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
	for _, l := range e.Add {
		if !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	issue.Labels = labels
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
	if e.StatusName != "" {
		event.Changes.Status = &triage.StatusChange{From: issue.StatusName, To: e.StatusName}
		issue.StatusName = e.StatusName
	}
	if e.MergeRequest != nil {
		m := e.MergeRequest.mergeRequest(now)
		event.MergeRequest, event.At, m.Since = &m, m.UpdatedAt, time.Time{}
		return event, issue, nil
	}
	if event.Kind&(triage.Woken|triage.Swept|triage.PoliciesDue) == 0 {
		issue.UpdatedAt = now
	}
	return event, issue, nil
}
