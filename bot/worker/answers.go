package worker

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// answerComments answers the comments: with a reply in the thread where there is something to say, then with a reaction, which says that
// all is done. A comment that people deleted meanwhile needs no answer, and one that GitLab will not let the bot answer gets none.
func (j *job) answerComments(ctx context.Context) error {
	for _, a := range j.decision.Pending.Intent.Answers {
		cause := j.answerComment(ctx, a)
		if refused, err := j.unanswerable(ctx, a.Note, cause); err != nil {
			return err
		} else if refused {
			j.log.Warn("a comment was not answered", zap.Int64("note", a.Note), zap.Error(cause))
		}
	}
	j.intent.answered = !j.decision.Pending.Empty()
	return nil
}

// reportFailure tells people that what they asked for cannot be done, if GitLab refuses it for good or the rules contradict each other
// about it. The cause is returned as it is.
func (j *job) reportFailure(ctx context.Context, cause error) error {
	contradiction := errors.Is(cause, engine.ErrContradiction)
	if j.decision.Pending.Empty() || !contradiction && gitlab.ClassOf(cause) != gitlab.Permanent {
		return cause
	}
	why := "GitLab does not let the bot do this"
	if contradiction {
		why = "the rules contradict each other about this"
	}
	d, intent := &j.decision, &j.decision.Pending.Intent
	if j.isUnwritten() {
		// What was planned is not so: nobody undid it.
		j.in.Memory.Note, j.in.Memory.Issue = d.Memory.Note, &j.snap.issue
		d.Memory, d.Result, d.Plan = j.in.Memory, j.snap.issue, nil
	}
	for n := range intent.Answers {
		answer := &intent.Answers[n]
		if !d.Memory.HasExecuted(answer.Note) {
			d.Memory.MarkExecuted(answer.Note)
		}
		if len(j.effects.did) > 0 {
			appendReply(intent, answer.Note, triage.Say("Only in part: "+why+". Who runs the bot finds the cause among its dead letters."))
			continue
		}
		answer.Emoji = triage.RefusedEmoji
		appendReply(intent, answer.Note, triage.Say("Not done: "+why+". Who runs the bot finds the cause among its dead letters."))
	}
	if err := j.answerComments(ctx); err != nil {
		return err
	}
	return cause
}

// unanswerable reports whether a comment cannot be answered, however often that is tried: people deleted it, or GitLab does not let the bot.
func (j *job) unanswerable(ctx context.Context, id int64, cause error) (bool, error) {
	switch gitlab.ClassOf(cause) {
	case "":
		return false, nil
	case gitlab.Permanent:
		return true, nil
	default:
		return j.commentIsGone(ctx, id, cause)
	}
}

func (j *job) answerComment(ctx context.Context, a triage.Reaction) error {
	if a.Reply != nil {
		already := false
		if j.intent.resumed != nil {
			if j.mayBeBeside() {
				j.view.ownRead = false
			}
			var err error
			if _, already, err = j.wasRepliedTo(ctx, a.Note); err != nil {
				return err
			}
		}
		if !already {
			if err := j.reply(ctx, a); err != nil {
				return err
			}
			j.view.called = true
			j.effects.note("replied to a comment")
		}
	}
	if a.Emoji == "" {
		return nil
	}
	if err := j.says.AddReaction(ctx, j.batch.Issue, a.Note, a.Emoji); err != nil {
		return err
	}
	j.view.called = true
	j.effects.note("reacted with " + a.Emoji)
	return nil
}

// reply replies to a comment: in its thread, or beside it where a reply in a public thread would be mailed to people outside.
func (j *job) reply(ctx context.Context, a triage.Reaction) error {
	outside := false
	if !a.Internal {
		var err error
		if outside, err = j.outside(ctx); err != nil {
			return err
		}
	}
	reply := *a.Reply
	if outside {
		reply.Text = append([]triage.Prose{note.AboutComment(j.snap.issue.URL, a.Note)}, reply.Text...)
	}
	body := note.RenderReply(reply, j.rules.policy.Team, j.batch.Issue, a.Note, a.Emoji)
	if outside {
		_, err := j.createComment(ctx, true, body)
		return err
	}
	_, err := j.says.Reply(ctx, j.batch.Issue, a.Discussion, a.Note, a.Internal, body)
	return j.rememberUnanswered(0, err)
}

// addMissingReaction gives a comment the reaction that its answer lacks, "" for none. It is no order: what becomes of this batch says
// nothing about it.
func (j *job) addMissingReaction(ctx context.Context, id int64, emoji string) error {
	j.snapshotMemory()
	err := j.answerComment(ctx, triage.Reaction{Note: id, Emoji: emoji})
	if _, err = j.unanswerable(ctx, id, err); err != nil {
		return err
	}
	return nil
}
