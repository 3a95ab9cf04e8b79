package worker

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"flowkeeper/bot/command"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// prepareComments finds the comments whose commands are to be run, each once, and what has to be known for that.
func (j *job) prepareComments(ctx context.Context) error {
	if j.in.Memory.Intent != nil {
		if err := j.resumeIntent(ctx); err != nil {
			return err
		}
	}
	if err := j.findUndelivered(ctx); err != nil {
		return err
	}
	comments := j.commandComments()
	if len(comments) == 0 {
		return nil
	}
	if !j.known {
		if err := j.recoverMemory(ctx); err != nil {
			return err
		}
	}
	if !j.isFresh() {
		if err := j.readIssue(ctx); err != nil {
			return err
		}
	}
	comments, moved, err := j.notExecuted(ctx, comments)
	if err != nil || len(comments) == 0 {
		return err
	}
	if comments, err = j.asFirstWritten(ctx, comments); err != nil {
		return err
	}
	for i := range comments {
		if err := j.checkPermission(ctx, &comments[i]); err != nil {
			return err
		}
	}
	j.in.Facts.BotMoves = moved
	if slices.ContainsFunc(comments, func(c engine.Comment) bool { return c.Late }) {
		past, err := j.view.changes(ctx)
		if err != nil {
			return err
		}
		j.in.Facts.History = slices.DeleteFunc(slices.Clone(past), j.view.byBot)
	}
	j.in.Comments = comments
	j.runCommandsOn(j.shownIssue())
	return nil
}

// asFirstWritten finds out about comments that somebody's "Test" of the webhook told of, or that came late: who wrote them, and whether the
// text is still the first. Those that were edited are left out, as edited ones are, and customers' mails.
func (j *job) asFirstWritten(ctx context.Context, comments []engine.Comment) ([]engine.Comment, error) {
	var left []engine.Comment
	for _, c := range comments {
		if e := &c.Event; e.Note.MaybeEdited {
			written, err := j.view.commentsSince(ctx, e.At.Add(-time.Second))
			if err != nil {
				return nil, err
			}
			n := slices.IndexFunc(written, func(w gitlab.Comment) bool { return w.ID == e.Note.ID })
			if n < 0 {
				c.MaybeEdited = true
			} else {
				e.Actor = written[n].Author
				edited, unsure, err := j.wasEdited(ctx, written[n])
				if err != nil {
					return nil, err
				}
				if edited || e.Actor.IsSupportBot() {
					continue
				}
				c.MaybeEdited = c.MaybeEdited || unsure
			}
		}
		left = append(left, c)
	}
	return left, nil
}

// commandComments are the batch's comments that have commands and are not known to have been run.
func (j *job) commandComments() []engine.Comment {
	var all []engine.Comment
	for _, e := range j.in.Events {
		if e.Note == nil || e.Kind&triage.Noted == 0 || e.Note.Edited || j.in.Memory.HasExecuted(e.Note.ID) || j.tooLate(e) {
			continue
		}
		c := engine.Comment{Event: e, Late: j.mail.found[e.Note.ID], MaybeEdited: j.mail.maybeEdited[e.Note.ID]}
		for _, l := range j.lines(e.Note.Text) {
			if line := (engine.Line{Text: l.Text, Mention: l.Mention}); engine.Addressed(j.rules.policy, line) {
				c.Lines = append(c.Lines, line)
			}
		}
		if len(c.Lines) > 0 && !has(all, e.Note.ID) {
			all = append(all, c)
		}
	}
	// What was found late comes behind what was delivered, and was written before it.
	slices.SortFunc(all, func(a, b engine.Comment) int { return cmp.Compare(a.Event.Note.ID, b.Event.Note.ID) })
	return all
}

// tooLate reports whether a comment was delivered so long after it was written that it may not be meant any more: by a "Test" of the webhook.
func (j *job) tooLate(e triage.Event) bool {
	return j.pool.o.Lookback > 0 && !j.mail.found[e.Note.ID] && e.ReceivedAt.Sub(e.At) > j.pool.o.Lookback
}

// lines are the commands in a text. Each text is read once: some are made to take long.
func (j *job) lines(text string) []command.Line {
	if lines, read := j.texts[text]; read {
		return lines
	}
	if j.texts == nil {
		j.texts = map[string][]command.Line{}
	}
	j.texts[text] = j.rules.reader.Read(text)
	return j.texts[text]
}

func has(comments []engine.Comment, note int64) bool {
	for _, c := range comments {
		if c.Event.Note.ID == note {
			return true
		}
	}
	return false
}

// checkPermission finds out what the writer of a comment may do, and whether they still may today.
func (j *job) checkPermission(ctx context.Context, c *engine.Comment) error {
	level, err := j.view.levels.of(ctx, j.batch.Issue.Project, c.Event.Actor.ID)
	if err != nil {
		return err
	}
	c.Level = level
	who, id := strconv.FormatInt(c.Event.Actor.ID, 10), strconv.FormatInt(c.Event.Note.ID, 10)
	for n := range c.Lines {
		use := coordination.Use{Who: who, ID: id + "/" + strconv.Itoa(n), Limit: engine.CommandLimit, Window: engine.CommandWindow}
		permit, err := j.pool.o.Coordination.RateLimit(ctx, use)
		if err != nil {
			return err
		}
		if permit.Allowed {
			continue
		}
		c.Lines[n].RetryIn = max(permit.Again, time.Second)
		told, err := j.pool.o.Coordination.RateLimit(ctx, coordination.Use{Who: who + "/told", ID: id, Limit: 1, Window: engine.CommandWindow})
		if err != nil {
			return err
		}
		c.Lines[n].LimitAnnounced = !told.Allowed
	}
	return nil
}
