// Package recording writes scenarios of real issues: what people did there, as GitLab keeps it, and what the bot makes of it now. Names and
// words of people are left out.
package recording

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/redact"
	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// GitLab is what is read.
type GitLab interface {
	backtest.GitLab
	AccessLevel(ctx context.Context, project, user int64) (int, error)
}

// Options say what to record.
type Options struct {
	GitLab GitLab
	Bot    triage.Person // what this user did is left out
	Former []string      // usernames that the bot had before; what they did is left out, too
	Policy engine.Policy
	Rules  []policy.Rule // the policies of it, as the files have them: their labels keep their names
	Issue  triage.Issue  // as it is now
	Now    time.Time
}

// Recording is a scenario. Notes are what somebody who keeps it has to know, each a sentence without full stop.
type Recording struct {
	File  []byte
	Notes []string
}

// Record writes a scenario of an issue.
func Record(ctx context.Context, o Options) (Recording, error) {
	isBot := func(who triage.Person) bool {
		return who.Is(o.Bot) || slices.ContainsFunc(o.Former, func(name string) bool { return triage.SameUsername(name, who.Username) })
	}
	opened, past, err := backtest.Past(ctx, o.GitLab, o.Issue, isBot)
	if err != nil {
		return Recording{}, err
	}
	talk, err := readTalk(ctx, o.GitLab, o.Issue.Ref, isBot)
	if err != nil {
		return Recording{}, err
	}
	w := newWriter(o, opened, past, talk)
	if err := w.readLevels(ctx); err != nil {
		return Recording{}, err
	}
	links, err := o.GitLab.Links(ctx, o.Issue.Ref)
	if err != nil {
		return Recording{}, err
	}
	data, err := w.decided(w.file(links))
	return Recording{File: data, Notes: w.notes()}, err
}

// readTalk is what people wrote and how they reacted to the issue, as events, in no order.
func readTalk(ctx context.Context, g GitLab, ref triage.Ref, isBot func(triage.Person) bool) ([]triage.Event, error) {
	var talk []triage.Event
	comments, err := g.Comments(ctx, ref, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		if !isBot(c.Author) && !c.Author.IsSupportBot() {
			talk = append(talk, triage.Event{
				Kind: triage.Noted, Actor: c.Author, At: c.CreatedAt, Note: &triage.Note{ID: c.ID, Text: c.Body, Internal: c.Internal},
			})
		}
	}
	awards, err := g.Awards(ctx, ref, 0)
	if err != nil {
		return nil, err
	}
	for _, a := range awards {
		if !isBot(a.User) {
			talk = append(talk, triage.Event{Kind: triage.Awarded, Actor: a.User, At: a.At, Emoji: &triage.Emoji{Name: a.Name}})
		}
	}
	return talk, nil
}

// decided is the file with the decisions that the policy makes. Where the bot is woken between two events, time passes in an event of its own.
func (w *writer) decided(f scenario.File) ([]byte, error) {
	waiting := f
	waiting.Steps = nil
	for n, s := range f.Steps {
		if n > 0 && s.Event.After > 0 {
			waiting.Steps = append(waiting.Steps, passing(s.Event.After))
			s.Event.After = 0
		}
		waiting.Steps = append(waiting.Steps, s)
	}
	last := w.all[len(w.all)-1].At
	if rest := redact.Since(w.Now, last).Truncate(time.Second); rest > 0 {
		waiting.Steps = append(waiting.Steps, passing(rest))
	}
	outcomes, err := w.play(waiting)
	if err != nil {
		return nil, err
	}
	f.Steps = nil
	var idle time.Duration
	for n, s := range waiting.Steps {
		switch {
		case s.Event.Kind == passing(0).Event.Kind && outcomes[n].Idle:
			idle = s.Event.After
		default:
			s.Event.After += idle
			idle = 0
			f.Steps = append(f.Steps, s)
		}
	}
	if outcomes, err = w.play(f); err != nil {
		return nil, err
	}
	texts := make([]string, len(outcomes))
	for n, o := range outcomes {
		texts[n] = o.Text
	}
	return scenario.InsertDecisions(f.Encode(), texts), nil
}

// play plays what would be read again from the file.
func (w *writer) play(f scenario.File) ([]scenario.Outcome, error) {
	s, err := scenario.Parse(f.Encode(), w.Policy.Team.TeamConfig)
	if err != nil {
		return nil, fmt.Errorf("reading the scenario of issue %s: %w", w.Issue.Ref, err)
	}
	outcomes, err := s.Outcomes(w.Policy)
	if err != nil {
		return nil, fmt.Errorf("playing the scenario of issue %s: %w", w.Issue.Ref, err)
	}
	return outcomes, nil
}

// passing is a step in which only time passes.
func passing(d time.Duration) scenario.Step {
	return scenario.Step{Event: scenario.Event{Kind: "later", After: d}}
}

var _ GitLab = (*gitlab.Client)(nil)
