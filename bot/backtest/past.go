package backtest

import (
	"context"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// pastOf reads what GitLab keeps of one issue's past, each list once and only when it is needed.
type pastOf struct {
	gitlab GitLab
	issue  triage.Ref
	isBot  func(triage.Person) bool

	linked      []triage.Link
	linksRead   bool
	comments    []gitlab.Comment
	thumbs      []gitlab.Award
	commentRead bool
	thumbsRead  bool
}

// records are the changes of labels, weight and state, and of the milestone if it has one: an issue without a milestone counts as one that never had
// any. That keeps most issues at three calls.
func (p *pastOf) records(ctx context.Context, i triage.Issue) (r records, err error) {
	if r.resources, err = p.gitlab.ResourceEvents(ctx, p.issue); err != nil {
		return r, err
	}
	if i.Milestone != 0 {
		if r.milestones, err = p.gitlab.MilestoneEvents(ctx, p.issue); err != nil {
			return r, err
		}
	}
	r.states, err = p.gitlab.StateEvents(ctx, p.issue)
	return r, err
}

func (p *pastOf) links(ctx context.Context) ([]triage.Link, error) {
	if p.linksRead {
		return p.linked, nil
	}
	links, err := p.gitlab.Links(ctx, p.issue)
	if err == nil {
		p.linked, p.linksRead = links, true
	}
	return links, err
}

func (p *pastOf) discussion(ctx context.Context, since, until time.Time) (map[string]triage.Agreement, time.Time, error) {
	if err := p.readComments(ctx); err != nil {
		return nil, time.Time{}, err
	}
	if !p.thumbsRead {
		thumbs, err := p.gitlab.Awards(ctx, p.issue, 0)
		if err != nil {
			return nil, time.Time{}, err
		}
		p.thumbs, p.thumbsRead = thumbs, true
	}
	during := func(at time.Time) bool { return !at.Before(since) && !at.After(until) }
	agreed, last := map[string]triage.Agreement{}, time.Time{}
	for _, a := range p.thumbs {
		if triage.IsThumbsup(a.Name) && during(a.At) && !p.isBot(a.User) {
			agreed[triage.UsernameKey(a.User.Username)] = triage.Agreement{ID: a.User.ID, Thumb: true}
		}
	}
	for _, c := range p.comments {
		if !during(c.CreatedAt) || p.isBot(c.Author) {
			continue
		}
		if c.CreatedAt.After(last) {
			last = c.CreatedAt
		}
		if triage.IsAgreement(c.Body) {
			key := triage.UsernameKey(c.Author.Username)
			agreed[key] = triage.Agreement{ID: c.Author.ID, Thumb: agreed[key].Thumb, Comment: true}
		}
	}
	return agreed, last, nil
}

// readComments reads what people and bots wrote on the issue.
func (p *pastOf) readComments(ctx context.Context) error {
	if p.commentRead {
		return nil
	}
	comments, err := p.gitlab.Comments(ctx, p.issue, time.Time{})
	if err == nil {
		p.comments, p.commentRead = comments, true
	}
	return err
}

// Moment is one thing that a person did, as the rules are told of it, and the issue after it.
type Moment struct {
	Event triage.Event
	After triage.Issue
}

// Past goes back from what an issue is now to how it was opened, and tells what people did since, the oldest first. Titles and assignees are as they
// are now: GitLab keeps no record of them. What isBot tells to be the bot's own doing is left out.
func Past(ctx context.Context, g GitLab, now triage.Issue, isBot func(triage.Person) bool) (opened triage.Issue, past []Moment, err error) {
	source := &pastOf{gitlab: g, issue: now.Ref, isBot: isBot}
	kept, err := source.records(ctx, now)
	if err != nil {
		return triage.Issue{}, nil, err
	}
	h := newHistory(now, kept, isBot)
	i := h.opened
	for _, c := range h.changes {
		m := Moment{Event: c.event(i)}
		i = c.apply(i)
		m.After = i
		past = append(past, m)
	}
	return h.opened, past, nil
}
