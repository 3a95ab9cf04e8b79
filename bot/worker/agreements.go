package worker

import (
	"context"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// loadComments looks at what people wrote since the issue is in its state: when they last did, and who agrees if that is asked.
func (j *job) loadComments(ctx context.Context, d engine.Decision, facts triage.Need, around *triage.Context) error {
	since, review := d.Memory.StateEntry.RelevantFrom(), d.Memory.StateEntry.At
	if j.rules.policy.Team.Workflow.State(d.Memory.StateEntry.State).Is != triage.Review && facts&triage.NeedAgreements != 0 {
		since, review = j.snap.issue.CreatedAt, j.snap.issue.CreatedAt // the review was before this state
	}
	comments, err := j.view.commentsSince(ctx, since)
	if err != nil {
		return err
	}
	comments = j.withDelivered(comments, since)
	comments = slices.DeleteFunc(comments, func(c gitlab.Comment) bool { return j.view.bot.is(c.Author.ID) })
	for _, c := range comments {
		if c.CreatedAt.After(around.LastComment) && !j.onlyCommands(c.Body) {
			around.LastComment = c.CreatedAt
		}
	}
	around.Known |= triage.NeedComments
	if facts&triage.NeedAgreements == 0 {
		return nil
	}
	comments = slices.DeleteFunc(comments, func(c gitlab.Comment) bool { return c.CreatedAt.Before(review) })
	around.Agreements, err = j.agreements(ctx, d.Memory.Note.ID, comments)
	return err
}

// reactions are those to the issue and to the bot's note, if there is one. A note that is gone is remembered as dismissed.
func (j *job) reactions(ctx context.Context, note int64) ([]gitlab.Award, error) {
	awards, err := j.view.gitlab.Awards(ctx, j.batch.Issue, 0)
	if err != nil {
		return nil, err
	}
	awards = j.withReactions(awards, 0)
	if note == 0 {
		return awards, nil
	}
	more, err := j.view.gitlab.Awards(ctx, j.batch.Issue, note)
	if err != nil {
		if deleted, err := j.commentIsGone(ctx, note, err); !deleted || err != nil {
			return nil, err
		}
		j.rememberDismissed(&j.in.Memory)
	}
	return append(awards, j.withReactions(more, note)...), nil
}

// givenReactions are people's reactions to the issue and to the bot's note.
func (j *job) givenReactions(ctx context.Context) ([]triage.GivenReaction, error) {
	awards, err := j.reactions(ctx, j.in.Memory.Note.ID)
	if err != nil {
		return nil, err
	}
	given := []triage.GivenReaction{}
	for _, a := range awards {
		if !j.view.bot.is(a.User.ID) {
			given = append(given, triage.GivenReaction{By: a.User, Emoji: a.Name})
		}
	}
	return given, nil
}

// agreements counts who agrees: by a thumbsup on the issue or on the bot's note, or by a comment that says nothing else.
func (j *job) agreements(ctx context.Context, note int64, comments []gitlab.Comment) (map[string]triage.Agreement, error) {
	awards, err := j.reactions(ctx, note)
	if err != nil {
		return nil, err
	}
	agreed := map[string]triage.Agreement{}
	for _, a := range awards {
		if triage.IsThumbsup(a.Name) && a.User.Username != "" && !j.view.bot.is(a.User.ID) {
			agreed[triage.UsernameKey(a.User.Username)] = triage.Agreement{ID: a.User.ID, Thumb: true}
		}
	}
	for _, c := range comments {
		if who := c.Author; j.agrees(c.Body) && who.Username != "" {
			key := triage.UsernameKey(who.Username)
			agreed[key] = triage.Agreement{ID: who.ID, Thumb: agreed[key].Thumb, Comment: true}
		}
	}
	return agreed, nil
}

// delivered is how long after its delivery an event may be missing in a list that GitLab shows.
const delivered = time.Minute

// withDelivered adds the comments that were delivered a moment ago and that a list which lags does not show yet.
func (j *job) withDelivered(listed []gitlab.Comment, since time.Time) []gitlab.Comment {
	for _, e := range j.in.Events {
		if e.Note == nil || e.Kind&triage.Noted == 0 || e.Note.Edited || j.now().Sub(e.ReceivedAt) > delivered {
			continue
		}
		at := e.At.Truncate(time.Second).Add(time.Second - time.Millisecond) // deliveries tell the second only
		if at.Before(since) {
			continue
		}
		if !slices.ContainsFunc(listed, func(c gitlab.Comment) bool { return c.ID == e.Note.ID }) {
			listed = append(listed, gitlab.Comment{
				ID: e.Note.ID, Author: e.Actor, Body: e.Note.Text, Internal: e.Note.Internal, CreatedAt: at, UpdatedAt: at,
			})
		}
	}
	return listed
}

// withReactions brings a list of reactions to a comment, or to the issue if note is 0, up to what was delivered a moment ago.
func (j *job) withReactions(listed []gitlab.Award, note int64) []gitlab.Award {
	for _, e := range j.in.Events {
		if e.Emoji == nil || e.Emoji.NoteID != note || j.now().Sub(e.ReceivedAt) > delivered {
			continue
		}
		same := func(a gitlab.Award) bool { return a.Name == e.Emoji.Name && a.User.Is(e.Actor) }
		switch {
		case e.Kind&triage.Revoked != 0: // it comes with the second in which the reaction was given
			if n := slices.IndexFunc(listed, func(a gitlab.Award) bool { return same(a) && a.At.Before(e.At.Add(time.Second)) }); n >= 0 {
				listed = slices.Delete(slices.Clone(listed), n, n+1)
			}
		case e.Kind&triage.Awarded != 0 && !slices.ContainsFunc(listed, same):
			listed = append(slices.Clip(listed), gitlab.Award{User: e.Actor, Name: e.Emoji.Name, At: e.At})
		}
	}
	return listed
}

// onlyCommands reports whether a comment says nothing but commands.
func (j *job) onlyCommands(text string) bool {
	lines := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	return lines > 0 && len(j.lines(text)) == lines
}

// agrees reports whether a comment says that its writer agrees, in words or by the command.
func (j *job) agrees(text string) bool {
	if triage.IsAgreement(text) {
		return true
	}
	for _, line := range j.lines(text) {
		if c, args, _ := triage.FindCommand(j.rules.policy.Commands, line.Text); c != nil && c.Agrees && args == "" {
			return true
		}
	}
	return false
}
