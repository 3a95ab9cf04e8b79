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

// asked is a comment that wants to know what the rules say; Rule is "" for all.
type asked struct {
	note int64
	rule string
}

// keepOrders writes down what commands want, and what the rules made of it, before any of it is done. Whoever comes after a crash carries
// it out and does not run the commands again.
func (j *job) keepOrders(ctx context.Context) error {
	if j.orders == nil || j.ordered {
		return nil
	}
	j.explain(ctx)
	orders := *j.orders
	orders.Edit, orders.Base = triage.Difference(j.issue, j.decision.Result), j.issue.UpdatedAt
	j.orders = &orders
	j.memory.Intent, j.decision.Memory.Intent = j.orders, j.orders
	memory, err := j.written()
	if err != nil {
		return err
	}
	if err := j.o.Inbox.Remember(ctx, j.batch, memory); err != nil {
		return fmt.Errorf("writing down what the commands on %s want: %w", j.batch.Issue, err)
	}
	j.ordered = true
	return nil
}

// explain completes the replies that say what the rules say.
func (j *job) explain(ctx context.Context) {
	for _, a := range j.asked {
		reply := engine.Explain(j.policy, j.probe, a.rule, j.sights(ctx, a.rule))
		for n := range j.orders.Answers {
			answer := &j.orders.Answers[n]
			if answer.Note != a.note {
				continue
			}
			if answer.Reply != nil {
				reply.Text = append(answer.Reply.Text, reply.Text...)
				reply.Rows = append(answer.Reply.Rows, reply.Rows...)
			}
			answer.Reply = &reply
		}
	}
	j.asked = nil
}

// sights are the kept decisions at which a rule looked at the issue, the newest first.
func (j *job) sights(ctx context.Context, rule string) []engine.PastFinding {
	if rule == "" {
		return nil
	}
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

// carryOut opens what commands want to be opened, before the issue itself is changed.
func (j *job) carryOut(ctx context.Context) error {
	if j.orders == nil || j.carried {
		return nil
	}
	if err := j.hold(ctx); err != nil {
		return err
	}
	if err := j.open(ctx); err != nil {
		return err
	}
	j.carried = true
	return nil
}

// connect makes the links that commands want, once GitLab has taken the rest.
func (j *job) connect(ctx context.Context) error {
	if j.orders == nil || len(j.orders.Links) == 0 {
		return nil
	}
	if err := j.hold(ctx); err != nil {
		return err
	}
	for _, l := range j.orders.Links {
		made, err := j.o.GitLab.Link(ctx, j.batch.Issue, l.To, l.Kind)
		never, err := j.unlinkable(err)
		switch {
		case err != nil:
			return err
		case never:
			j.tell(l.Note, triage.Say("GitLab did not link the issues; is the other one visible to the bot?"))
		case made != l.Kind:
			j.tell(l.Note, triage.Say("This GitLab has no blocking links, so the issues are linked as related."))
		default:
			j.did = append(j.did, "linked "+l.To.String()+" as "+made)
		}
	}
	return nil
}

// open opens the follow-up, unless an earlier attempt has, and links it.
func (j *job) open(ctx context.Context) error {
	draft := j.orders.Opens
	if draft == nil {
		return nil
	}
	marker := note.DraftMarker(j.batch.Issue, j.orders.OpensBy)
	issue, found, err := j.findMarked(ctx, marker)
	if err != nil {
		return err
	}
	if !found {
		if err := j.hold(ctx); err != nil {
			return err
		}
		outside, err := j.outside(ctx) // what a customer wrote is in the title
		if err != nil {
			return err
		}
		issue, err = j.o.GitLab.Open(ctx, j.batch.Issue.Project, gitlab.NewIssue{
			Title: note.DraftTitle(*draft), Description: note.RenderDraft(*draft, j.issue, j.orders.OpensBy),
			Labels: draft.Labels, Weight: draft.Weight, Confidential: draft.Confidential || outside,
		})
		if err != nil {
			return j.lose(j.orders.OpensBy, err)
		}
		j.did = append(j.did, "follow-up opened: "+issue.Ref.String())
	}
	_, err = j.o.GitLab.Link(ctx, j.batch.Issue, issue.Ref, triage.RelatesTo)
	if _, err := j.unlinkable(err); err != nil {
		return err
	}
	for _, l := range draft.Labels {
		if !issue.Has(l) {
			j.tell(j.orders.OpensBy, append(triage.Say("The follow-up lacks a label: "), engine.LabelRefused(l).Say(".")...))
		}
	}
	j.tell(j.orders.OpensBy, triage.Say("The follow-up is #"+strconv.FormatInt(issue.IID, 10)+"."))
	return nil
}

// unlinkable reports whether an issue cannot be linked, however often that is tried: GitLab refuses it, or has not found the other issue for
// minutes.
func (j *job) unlinkable(cause error) (bool, error) {
	class := gitlab.ClassOf(cause)
	if class == gitlab.Gone {
		err := j.doubt(opOf(cause), j.o.Patience.Gone, cause)
		return err == nil, err
	}
	if class == gitlab.GiveUp {
		return true, nil
	}
	return false, cause
}

// lastNote is the comment answered last; which one wanted what is not written down.
func (j *job) lastNote() int64 { return j.orders.Answers[len(j.orders.Answers)-1].Note }

// tell adds a paragraph to the reply to a comment.
func (j *job) tell(id int64, text triage.Prose) {
	for n := range j.orders.Answers {
		answer := &j.orders.Answers[n]
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
	if j.orders == nil {
		return nil
	}
	for _, a := range j.orders.Answers {
		cause := j.replyTo(ctx, a)
		if refused, err := j.unanswerable(ctx, a.Note, cause); err != nil {
			return err
		} else if refused {
			j.o.Log.Warn("a comment was not answered", zap.Stringer("issue", j.batch.Issue), zap.Int64("note", a.Note), zap.Error(cause))
		}
	}
	j.decision.Memory.Intent = nil
	return nil
}

// regret tells people that what they asked for cannot be done, if GitLab refuses it for good or the rules contradict each other about it. The
// cause is returned as it is.
func (j *job) regret(ctx context.Context, cause error) error {
	contradiction := errors.Is(cause, engine.ErrContradiction)
	if j.orders == nil || !contradiction && gitlab.ClassOf(cause) != gitlab.GiveUp {
		return cause
	}
	why := "GitLab does not let the bot do this"
	if contradiction {
		why = "the rules contradict each other about this"
	}
	if d := &j.decision; !triage.Difference(j.issue, d.Result).Empty() {
		// What was planned is not so: nobody undid it.
		j.memory.Note, j.memory.Issue = d.Memory.Note, &j.issue
		d.Memory, d.Result, d.Plan = j.memory, j.issue, nil
	}
	for n := range j.orders.Answers {
		answer := &j.orders.Answers[n]
		if len(j.did) > 0 {
			j.tell(answer.Note, triage.Say("Only in part: "+why+". Who runs the bot finds the cause among its dead letters."))
			continue
		}
		answer.Emoji = triage.RefusedEmoji
		j.tell(answer.Note, triage.Say("Not done: "+why+". Who runs the bot finds the cause among its dead letters."))
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
	case gitlab.GiveUp:
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
		if j.resumed {
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
	if err := j.o.GitLab.React(ctx, j.batch.Issue, a.Note, a.Emoji); err != nil {
		return err
	}
	j.called = true
	j.did = append(j.did, "reacted with "+a.Emoji)
	return nil
}
