package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// history is what GitLab tells of the issue's past. Each list is read once in a job: what the job adds to them it knows itself, and nobody
// else speaks for the bot under its lease.
type history struct {
	past     []triage.ResourceEvent
	pastRead bool

	own     []gitlab.Note
	former  []gitlab.Note // by users that the bot was
	ownRead bool

	comments []gitlab.Comment // the newest first
	since    time.Time        // from when on
	at       time.Time        // when they were asked for
	listed   bool

	awards map[int64][]gitlab.Award // by comment
}

// changes are who changed labels and weight, the oldest first.
func (j *job) changes(ctx context.Context) ([]triage.ResourceEvent, error) {
	if h := &j.history; !h.pastRead {
		past, err := j.o.GitLab.ResourceEvents(ctx, j.batch.Issue)
		if err != nil {
			return nil, err
		}
		for n := range past {
			if j.mine(past[n].Actor.ID) {
				past[n].Actor = j.o.Self // or somebody that the bot was
			}
		}
		h.past, h.pastRead, j.called = past, true, true
	}
	return j.history.past, nil
}

// ownNotes are the bot's comments, the oldest first.
func (j *job) ownNotes(ctx context.Context) ([]gitlab.Note, error) {
	if h := &j.history; !h.ownRead {
		notes, err := j.o.GitLab.OwnNotes(ctx, j.batch.Issue, j.marked)
		if err != nil {
			return nil, err
		}
		if h.own, h.former, err = j.inherited(ctx, notes); err != nil {
			return nil, err
		}
		h.ownRead, j.called = true, true
	}
	return j.history.own, nil
}

// commentsSince are everybody's comments from a moment on, the newest first. The caller may change the slice.
func (j *job) commentsSince(ctx context.Context, since time.Time) ([]gitlab.Comment, error) {
	h := &j.history
	if !h.listed || since.Before(h.since) {
		at := j.o.Now()
		comments, err := j.o.GitLab.Comments(ctx, j.batch.Issue, since)
		if err != nil {
			return nil, err
		}
		for n := range comments {
			if comments[n].Author.IsSupportBot() {
				comments[n].Body = "" // a customer's mail holds no commands and no agreement
			}
		}
		h.comments, h.since, h.at, h.listed, j.called = comments, since, at, true, true
	}
	return slices.DeleteFunc(slices.Clone(h.comments), func(c gitlab.Comment) bool { return c.CreatedAt.Before(since) }), nil
}

// awardsOf are the reactions to a comment.
func (j *job) awardsOf(ctx context.Context, note int64) ([]gitlab.Award, error) {
	if awards, read := j.history.awards[note]; read {
		return awards, nil
	}
	awards, err := j.o.GitLab.Awards(ctx, j.batch.Issue, note)
	if err != nil {
		return nil, err
	}
	if j.history.awards == nil {
		j.history.awards = map[int64][]gitlab.Award{}
	}
	j.history.awards[note] = awards
	return awards, nil
}
