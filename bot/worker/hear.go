package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/command"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// hear finds the comments whose commands are to be run, each once, and what has to be known for that.
func (j *job) hear(ctx context.Context) error {
	if j.memory.Intent != nil {
		if err := j.resume(ctx); err != nil {
			return err
		}
	}
	if err := j.missed(ctx); err != nil {
		return err
	}
	comments := j.written()
	if len(comments) == 0 {
		return nil
	}
	if !j.known {
		if err := j.recover(ctx); err != nil {
			return err
		}
	}
	if !j.fresh() {
		if err := j.read(ctx); err != nil {
			return err
		}
	}
	comments, moved, err := j.notRun(ctx, comments)
	if err != nil || len(comments) == 0 {
		return err
	}
	if comments, err = j.asWritten(ctx, comments); err != nil {
		return err
	}
	for i := range comments {
		if err := j.permit(ctx, &comments[i]); err != nil {
			return err
		}
	}
	j.facts.BotMoves = moved
	if slices.ContainsFunc(comments, func(c engine.Comment) bool { return c.Late }) {
		past, err := j.changes(ctx)
		if err != nil {
			return err
		}
		j.facts.History = slices.DeleteFunc(slices.Clone(past), func(p triage.ResourceEvent) bool { return p.Actor.ID == j.o.Self.ID })
	}
	j.comments = comments
	return nil
}

// asWritten finds out about comments that somebody's "Test" of the webhook told of, or that came late: who wrote them, and whether the text is still
// the first. Those that were edited are left out, as edited ones are, and customers' mails.
func (j *job) asWritten(ctx context.Context, comments []engine.Comment) ([]engine.Comment, error) {
	var left []engine.Comment
	for _, c := range comments {
		if e := &c.Event; e.Note.MaybeEdited {
			written, err := j.commentsSince(ctx, e.At.Add(-time.Second))
			if err != nil {
				return nil, err
			}
			n := slices.IndexFunc(written, func(w gitlab.Comment) bool { return w.ID == e.Note.ID })
			if n < 0 {
				c.MaybeEdited = true
			} else {
				e.Actor = written[n].Author
				edited, unsure, err := j.edited(ctx, written[n])
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

// written are the batch's comments that have commands and are not known to have been run.
func (j *job) written() []engine.Comment {
	var all []engine.Comment
	for _, e := range j.events {
		if e.Note == nil || e.Kind&triage.Noted == 0 || e.Note.Edited || j.memory.HasExecuted(e.Note.ID) || j.tooLate(e) {
			continue
		}
		c := engine.Comment{Event: e, Late: j.found[e.Note.ID], MaybeEdited: j.unsure[e.Note.ID]}
		for _, l := range j.lines(e.Note.Text) {
			if line := (engine.Line{Text: l.Text, Mention: l.Mention}); engine.Addressed(j.policy, line) {
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
	return j.o.Lookback > 0 && !j.found[e.Note.ID] && e.ReceivedAt.Sub(e.At) > j.o.Lookback
}

// lines are the commands in a text. Each text is read once: some are made to take long.
func (j *job) lines(text string) []command.Line {
	if lines, read := j.texts[text]; read {
		return lines
	}
	if j.texts == nil {
		j.texts = map[string][]command.Line{}
	}
	j.texts[text] = j.reader.Read(text)
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

// permit finds out what the writer of a comment may do, and whether they still may today.
func (j *job) permit(ctx context.Context, c *engine.Comment) error {
	level, err := j.level(ctx, j.batch.Issue.Project, c.Event.Actor.ID)
	if err != nil {
		return err
	}
	c.Level = level
	who, id := strconv.FormatInt(c.Event.Actor.ID, 10), strconv.FormatInt(c.Event.Note.ID, 10)
	for n := range c.Lines {
		permit, err := j.o.Coordination.RateLimit(ctx, coordination.Use{Who: who, ID: id + "/" + strconv.Itoa(n), Limit: engine.CommandLimit, Window: engine.CommandWindow})
		if err != nil {
			return err
		}
		if permit.Allowed {
			continue
		}
		c.Lines[n].RetryIn = max(permit.Again, time.Second)
		told, err := j.o.Coordination.RateLimit(ctx, coordination.Use{Who: who + "/told", ID: id, Limit: 1, Window: engine.CommandWindow})
		if err != nil {
			return err
		}
		c.Lines[n].LimitAnnounced = !told.Allowed
	}
	return nil
}

// find looks up an issue as people name it.
func (j *job) find(ctx context.Context, text string) (triage.FoundIssue, error) {
	issue, err := j.o.GitLab.IssueByReference(ctx, j.batch.Issue.Project, text)
	if _, unreadable := errors.AsType[*gitlab.BadReference](err); unreadable {
		return triage.FoundIssue{Problem: "that does not name an issue; write `#12`, `group/project#12` or its address"}, nil
	}
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return triage.FoundIssue{Problem: "there is no such issue that the bot can see"}, nil
	}
	return triage.FoundIssue{Ref: issue.Ref}, err
}

func outcome(r engine.Result) string {
	if r.Refused {
		return "refused"
	}
	return "done"
}

// resume takes up what an earlier attempt wrote down and may have carried out in part. What was done of it since, or set otherwise by a
// person, is not done again.
func (j *job) resume(ctx context.Context) error {
	j.begin()
	intent := *j.memory.Intent
	j.resumed, j.memory.Intent, j.keep = j.memory.Intent, nil, true
	j.pending = engine.Pending{Intent: intent}
	of := triage.Event{At: intent.At, ReceivedAt: j.o.Now()}
	// Rules may have something to say about what was written already. What gave way for it was removed by nobody.
	if made := (triage.Edit{Add: intent.Written.Add, Weight: intent.Written.Weight, Close: intent.Written.Close}); !made.Empty() {
		j.pending.Events = append(j.pending.Events, made.AsEvent(intent.By, j.issue, of))
	}
	if e := intent.Edit; !e.Empty() {
		past, err := j.changes(ctx)
		if err != nil {
			return err
		}
		if labels := j.leftOut(e, past); len(labels) > 0 {
			j.refuseAll(labels)
			e = triage.Edit{}
		}
		e = e.Remaining(past, intent.Base)
		for _, a := range e.Actions() {
			// Which comment wanted what is not written down: the last one stands for all.
			j.pending.WantedActions = append(j.pending.WantedActions, engine.WantedAction{Action: a, Note: intent.Answers[len(intent.Answers)-1].Note})
		}
		if !e.Empty() {
			j.pending.Events = append(j.pending.Events, e.AsEvent(intent.By, j.issue, of))
		}
	}
	j.o.Log.Info("taking up what an earlier attempt began", zap.Stringer("issue", j.batch.Issue))
	return nil
}
