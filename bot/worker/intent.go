package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// keepIntent writes down what commands want, and what the rules made of it, before any of it is done. Whoever comes after a crash carries
// it out and does not run the commands again.
func (j *job) keepIntent(ctx context.Context) error {
	d := &j.decision
	if d.Pending.Empty() || j.ordered {
		return nil
	}
	j.begin()
	if j.unrun == nil && len(j.comments) > 0 {
		j.unrun = &unrun{j.comments, j.pending, j.memory}
	}
	d.Pending.Intent.Edit, d.Pending.Intent.Base = triage.Difference(j.issue, d.Result), j.issue.UpdatedAt
	j.ordered = true
	memory, err := j.halfDone()
	if err != nil {
		return err
	}
	if err := j.o.Inbox.SaveMemory(ctx, j.batch, memory); err != nil {
		j.ordered = false
		return fmt.Errorf("writing down what the commands on %s want: %w", j.batch.Issue, err)
	}
	return nil
}

// sights are the kept decisions at which a rule looked at the issue, the newest first.
func (j *job) sights(ctx context.Context, rule string) []engine.PastFinding {
	const enough = 20
	records, err := j.o.Inbox.Records(ctx, j.batch.Issue, enough)
	if err != nil {
		return nil // the answer is good without them
	}
	var seen []engine.PastFinding
	for _, kept := range records {
		d, err := record.DecodeDecision(kept.Body)
		if err != nil {
			continue
		}
		for _, f := range d.Findings {
			if f.Rule == rule {
				seen = append(seen, engine.PastFinding{At: kept.At, Events: d.Events, Reason: f.Reason})
			}
		}
	}
	return seen
}

// connect makes the links that commands want, once GitLab has taken the rest.
func (j *job) connect(ctx context.Context) error {
	intent := &j.decision.Pending.Intent
	if len(intent.Links) == 0 {
		return nil
	}
	if err := j.hold(ctx); err != nil {
		return err
	}
	for _, l := range intent.Links {
		made, err := j.o.GitLab.CreateLink(ctx, j.batch.Issue, l.To, l.Kind)
		never, err := j.unlinkable(err)
		switch {
		case err != nil:
			return err
		case never:
			tell(intent, l.Note, triage.Say("GitLab did not link the issues; is the other one visible to the bot?"))
		case made != l.Kind:
			tell(intent, l.Note, triage.Say("This GitLab has no blocking links, so the issues are linked as related."))
		default:
			j.did = append(j.did, "linked "+l.To.String()+" as "+made)
		}
	}
	return nil
}

// openFollowUp opens the follow-up that commands want, unless it is open already, and links it, before the issue itself is changed.
func (j *job) openFollowUp(ctx context.Context) error {
	intent := &j.decision.Pending.Intent
	draft := intent.Opens
	if draft == nil {
		return nil
	}
	if j.followUp == nil {
		issue, err := j.findOrOpen(ctx, intent)
		if err != nil {
			return err
		}
		_, err = j.o.GitLab.CreateLink(ctx, j.batch.Issue, issue.Ref, triage.RelatesTo)
		if _, err := j.unlinkable(err); err != nil {
			return err
		}
		j.followUp = &issue
	}
	for _, l := range draft.Labels {
		if !j.followUp.Has(l) {
			tell(intent, intent.OpensBy, append(triage.Say("The follow-up lacks a label: "), engine.LabelRefused(l).Say(".")...))
		}
	}
	tell(intent, intent.OpensBy, triage.Say("The follow-up is #"+strconv.FormatInt(j.followUp.IID, 10)+"."))
	return nil
}

// findOrOpen is the follow-up that an earlier attempt opened, or a new one.
func (j *job) findOrOpen(ctx context.Context, intent *triage.Intent) (triage.Issue, error) {
	if err := j.hold(ctx); err != nil {
		return triage.Issue{}, err
	}
	issue, found, err := j.findMarked(ctx, note.DraftMarker(j.batch.Issue, intent.OpensBy))
	if err != nil || found {
		return issue, err
	}
	if err := j.hold(ctx); err != nil {
		return triage.Issue{}, err
	}
	outside, err := j.outside(ctx) // what a customer wrote is in the title
	if err != nil {
		return triage.Issue{}, err
	}
	draft := intent.Opens
	issue, err = j.o.GitLab.CreateIssue(ctx, j.batch.Issue.Project, gitlab.NewIssue{
		Title: note.DraftTitle(*draft), Description: note.RenderDraft(*draft, j.issue, intent.OpensBy),
		Labels: draft.Labels, Weight: draft.Weight, Confidential: draft.Confidential || outside,
	})
	if err != nil {
		return triage.Issue{}, j.lose(intent.OpensBy, err)
	}
	j.did = append(j.did, "follow-up opened: "+issue.Ref.String())
	return issue, nil
}

// unlinkable reports whether an issue cannot be linked, however often that is tried: GitLab refuses it, or has not found the other issue for
// minutes.
func (j *job) unlinkable(cause error) (bool, error) {
	class := gitlab.ClassOf(cause)
	if class == gitlab.NotFound {
		err := j.doubt(opOf(cause), j.o.Patience.Gone, cause)
		return err == nil, err
	}
	if class == gitlab.Permanent {
		return true, nil
	}
	return false, cause
}

// tell adds a paragraph to the reply to a comment.
func tell(intent *triage.Intent, id int64, text triage.Prose) {
	for n := range intent.Answers {
		answer := &intent.Answers[n]
		if answer.Note != id {
			continue
		}
		var reply triage.Reply
		if answer.Reply != nil {
			reply = *answer.Reply
		}
		if slices.ContainsFunc(reply.Text, func(p triage.Prose) bool { return p.Plain() == text.Plain() }) {
			continue // an earlier attempt said so
		}
		reply.Text = append(slices.Clip(reply.Text), text)
		answer.Reply = &reply
	}
}

// reply answers the comments: with a reply in the thread where there is something to say, then with a reaction, which says that all is done.
// A comment that people deleted meanwhile needs no answer, and one that GitLab will not let the bot answer gets none.
func (j *job) reply(ctx context.Context) error {
	for _, a := range j.decision.Pending.Intent.Answers {
		cause := j.replyTo(ctx, a)
		if refused, err := j.unanswerable(ctx, a.Note, cause); err != nil {
			return err
		} else if refused {
			j.o.Log.Warn("a comment was not answered", zap.Stringer("issue", j.batch.Issue), zap.Int64("note", a.Note), zap.Error(cause))
		}
	}
	j.allAnswered = !j.decision.Pending.Empty()
	return nil
}

// regret tells people that what they asked for cannot be done, if GitLab refuses it for good or the rules contradict each other about it. The
// cause is returned as it is.
func (j *job) regret(ctx context.Context, cause error) error {
	contradiction := errors.Is(cause, engine.ErrContradiction)
	if j.decision.Pending.Empty() || !contradiction && gitlab.ClassOf(cause) != gitlab.Permanent {
		return cause
	}
	why := "GitLab does not let the bot do this"
	if contradiction {
		why = "the rules contradict each other about this"
	}
	d, intent := &j.decision, &j.decision.Pending.Intent
	if !triage.Difference(j.issue, d.Result).Empty() {
		// What was planned is not so: nobody undid it.
		j.memory.Note, j.memory.Issue = d.Memory.Note, &j.issue
		d.Memory, d.Result, d.Plan = j.memory, j.issue, nil
	}
	for n := range intent.Answers {
		answer := &intent.Answers[n]
		if !d.Memory.HasExecuted(answer.Note) {
			d.Memory.MarkExecuted(answer.Note)
		}
		if len(j.did) > 0 {
			tell(intent, answer.Note, triage.Say("Only in part: "+why+". Who runs the bot finds the cause among its dead letters."))
			continue
		}
		answer.Emoji = triage.RefusedEmoji
		tell(intent, answer.Note, triage.Say("Not done: "+why+". Who runs the bot finds the cause among its dead letters."))
	}
	if err := j.reply(ctx); err != nil {
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
		return j.gone(ctx, id, cause)
	}
}

func (j *job) replyTo(ctx context.Context, a triage.Reaction) error {
	if err := j.hold(ctx); err != nil {
		return err
	}
	if a.Reply != nil {
		already := false
		if j.resumed != nil {
			var err error
			if _, already, err = j.replied(ctx, a.Note); err != nil {
				return err
			}
		}
		if !already {
			if err := j.answer(ctx, a); err != nil {
				return err
			}
			j.called = true
			j.did = append(j.did, "replied to a comment")
		}
	}
	if a.Emoji == "" {
		return nil
	}
	if err := j.o.GitLab.AddReaction(ctx, j.batch.Issue, a.Note, a.Emoji); err != nil {
		return err
	}
	j.called = true
	j.did = append(j.did, "reacted with "+a.Emoji)
	return nil
}
