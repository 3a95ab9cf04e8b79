package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// recall is how much younger than the memory a comment must be for the memory alone to know whether its commands were run: more than
// clocks differ. Of older ones GitLab tells, by the bot's reaction or its reply.
const recall = time.Minute

// findUndelivered adds the comments with commands that GitLab did not deliver, where the issue is looked at because something may have been
// missed. A comment that was edited is not one of them: nobody knows who wrote what in it.
func (j *job) findUndelivered(ctx context.Context) error {
	if !j.isSwept() {
		return nil
	}
	comments, err := j.view.commentsSince(ctx, j.now().Add(-j.pool.o.Lookback))
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(comments) {
		if j.view.bot.is(c.Author.ID) || j.in.Memory.HasExecuted(c.ID) || len(j.lines(c.Body)) == 0 {
			continue
		}
		if n := slices.IndexFunc(j.in.Events, func(e triage.Event) bool { return e.Note != nil && e.Note.ID == c.ID }); n >= 0 {
			j.in.Events[n].At = c.CreatedAt // it was delivered after all, with its second only
			continue
		}
		edited, unsure, err := j.wasEdited(ctx, c)
		if err != nil {
			return err
		}
		if edited {
			continue
		}
		if j.mail.found == nil {
			j.mail.found, j.mail.maybeEdited = map[int64]bool{}, map[int64]bool{}
		}
		j.mail.found[c.ID], j.mail.maybeEdited[c.ID] = true, unsure
		j.in.Events = append(j.in.Events, triage.Event{
			Kind: triage.Noted, Actor: c.Author, At: c.CreatedAt, ReceivedAt: j.now(),
			Note: &triage.Note{ID: c.ID, Text: c.Body, Internal: c.Internal, OnlyCommands: j.onlyCommands(c.Body)},
		})
	}
	return nil
}

// wasEdited reports whether a comment's text is not what it was at first. GitLab moves the same time for a reaction: behind a person's an
// edit may hide, and then it is unsure.
func (j *job) wasEdited(ctx context.Context, c gitlab.Comment) (edited, unsure bool, err error) {
	const slack = time.Second // between times of what happened at once
	if c.UpdatedAt.Sub(c.CreatedAt) <= slack {
		return false, false, nil
	}
	awards, err := j.view.awardsOf(ctx, c.ID)
	if err != nil {
		deleted, err := j.commentIsGone(ctx, c.ID, err)
		return deleted, false, err
	}
	last := slices.IndexFunc(awards, func(a gitlab.Award) bool { return c.UpdatedAt.Sub(a.At).Abs() <= slack })
	if last < 0 {
		return true, false, nil
	}
	return false, !j.view.bot.is(awards[last].User.ID), nil
}

// notExecuted leaves out the comments that GitLab shows to have been run, where the memory is too young to know. What is left of those may
// have had its effect and no answer yet: moved is what the bot did since.
func (j *job) notExecuted(ctx context.Context, comments []engine.Comment) (left []engine.Comment, moved []triage.ResourceEvent, err error) {
	unsure := false
	for _, c := range comments {
		if c.Event.At.After(j.in.Memory.FirstSeen.Add(recall)) && j.in.Memory.CoversNote(c.Event.Note.ID) {
			left = append(left, c)
			continue
		}
		ran, lacks, err := j.wasAnswered(ctx, c.Event.Note.ID)
		if err != nil {
			return nil, nil, err
		}
		if ran {
			j.in.Memory.MarkExecuted(c.Event.Note.ID)
			j.keep = true
			if err := j.addMissingReaction(ctx, c.Event.Note.ID, lacks); err != nil {
				return nil, nil, err
			}
			continue
		}
		ended, err := j.wasCarriedOut(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		if ended {
			continue
		}
		unsure = true
		left = append(left, c)
	}
	if unsure && !j.in.Memory.SeenFromCreation {
		past, err := j.view.changes(ctx)
		if err != nil {
			return nil, nil, err
		}
		// What the bot did since it remembers, it knows of which comment.
		moved = slices.DeleteFunc(slices.Clone(past), func(p triage.ResourceEvent) bool {
			return !j.view.byBot(p) || p.At.After(j.in.Memory.FirstSeen)
		})
		if left, err = j.withExactTimes(ctx, left); err != nil {
			return nil, nil, err
		}
	}
	return left, moved, nil
}

// wasCarriedOut reports whether a comment's command was carried out up to its answer: it opened the follow-up and closed the issue, and nobody
// remembers. The answer is made up for.
func (j *job) wasCarriedOut(ctx context.Context, c engine.Comment) (bool, error) {
	opens := slices.ContainsFunc(c.Lines, func(l engine.Line) bool {
		cmd, _, _ := triage.FindCommand(j.rules.policy.Commands, l.Text)
		return cmd != nil && cmd.Opens
	})
	if !opens || !j.snap.issue.Closed {
		return false, nil
	}
	id := c.Event.Note.ID
	_, found, err := j.view.findMarked(ctx, note.DraftMarker(j.batch.Issue, id), j.snap.issue.CreatedAt)
	if err != nil || !found {
		return false, err
	}
	j.in.Memory.MarkExecuted(id)
	j.heedStatusOfClosing()
	intent := &j.in.Pending.Intent
	if j.in.Pending.Empty() {
		intent.By, intent.At = c.Event.Actor, c.Event.At
	}
	intent.Opens, intent.OpensBy = &triage.Draft{}, id
	intent.Answers = append(slices.Clip(intent.Answers), triage.Reaction{
		Note: id, Discussion: c.Event.Note.Discussion, Internal: c.Event.Note.Internal, Emoji: triage.DoneEmoji,
	})
	return true, nil
}

// withExactTimes gives the comments their exact times: deliveries tell whole seconds, in which the bot may have changed the issue before. A
// comment that the list lacks is there all the same: it was delivered, and the list may lag.
func (j *job) withExactTimes(ctx context.Context, comments []engine.Comment) ([]engine.Comment, error) {
	written, err := j.view.commentsSince(ctx, comments[0].Event.At.Add(-time.Second))
	if err != nil {
		return nil, err
	}
	comments = slices.Clone(comments)
	for i := range comments {
		e := &comments[i].Event
		if n := slices.IndexFunc(written, func(w gitlab.Comment) bool { return w.ID == e.Note.ID }); n >= 0 {
			e.At = written[n].CreatedAt
		}
	}
	return comments, nil
}

// wasAnswered reports whether the bot has reacted to a comment or replied to it, and which reaction it then still owes. A comment that is gone
// counts as answered: it was taken back.
func (j *job) wasAnswered(ctx context.Context, id int64) (ran bool, lacks string, err error) {
	awards, err := j.view.awardsOf(ctx, id)
	if err != nil {
		deleted, err := j.commentIsGone(ctx, id, err)
		return deleted, "", err
	}
	for _, a := range awards {
		if a.Name != triage.DoneEmoji && a.Name != triage.RefusedEmoji {
			continue
		}
		if err := j.view.recognize(ctx, a.User); err != nil {
			return false, "", err
		}
		if j.view.bot.is(a.User.ID) {
			return true, "", nil
		}
	}
	emoji, ran, err := j.wasRepliedTo(ctx, id)
	return ran, emoji, err
}

// wasRepliedTo reports whether one of the bot's comments answers this one, and which reaction goes with it.
func (j *job) wasRepliedTo(ctx context.Context, id int64) (emoji string, ran bool, err error) {
	notes, err := j.view.ownNotes(ctx)
	if err != nil {
		return "", false, err
	}
	for _, n := range slices.Concat(notes, j.view.former) {
		if to, emoji, ok := note.ParseReply(n.Body, j.batch.Issue); ok && to == id {
			return emoji, true, nil
		}
	}
	return "", false, nil
}
