package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// An intent is what commands want: a log entry that is written to the store before any of it is carried out. It is what makes a command run
// once although everything may stop at any moment and a repetition may find another issue than the first attempt did.
//
// A command cannot simply be run again. "/flow next" run twice moves an issue by two states; "/flow spike done" opens a second follow-up;
// and a person may have set something else since, which a second run would take for the state to start from. Nor can it be marked as run
// first and carried out then: what was not carried out at the moment of a crash would be lost without a word. So the order is:
//
//  1. Decide. Commands and rules come to one decision, and nothing has happened yet. A crash here costs nothing: the deliveries are still in
//     the mailbox, and the comment is decided anew.
//  2. Record (recordIntent). The intent goes into the issue's memory together with the mark that the comment's commands were run: the
//     difference to make, the time of the state that it was decided on, the links, the follow-up, and the answers to every comment. From here
//     on nobody runs these commands again.
//  3. Execute. The follow-up is opened, unless one with this comment's marker exists; the issue is changed by one write; links are made.
//     After the write the memory moves what was made from Edit to Written.
//  4. Publish. The note is brought in line, and each comment gets its reply and, last of all, its reaction: the reaction says that all is done.
//  5. Settle. The batch leaves the mailbox, and the memory it leaves holds no intent any more.
//
// Whoever finds an intent in the memory (resumeIntent) carries out what is left of it. GitLab's resource events tell what has been made
// since the recorded time, and by whom: what the bot made is done, and what a person set stands, so neither is made again. The follow-up is
// found by its marker, the reply by its own, and a reaction given twice is one. The rules look at the outcome like at a person's change.
//
// Where the store itself was emptied no intent is left. Then GitLab is the log: the bot's reaction to a comment, its reply and the
// follow-up's marker tell what has run (executed.go), and what cannot be known for certain is refused with the request to write the comment
// again.

// recordIntent writes down what commands want, and what the rules made of it, before any of it is done. Whoever comes after a crash carries
// it out and does not run the commands again.
func (j *job) recordIntent(ctx context.Context) error {
	d := &j.decision
	if d.Pending.Empty() || j.intent.recorded {
		return nil
	}
	j.snapshotMemory()
	if j.intent.unrun == nil && len(j.in.Comments) > 0 {
		j.intent.unrun = &unrun{j.in.Comments, j.in.Pending, j.in.Memory}
	}
	d.Pending.Intent.Edit, d.Pending.Intent.Base = triage.Difference(j.snap.issue, d.Result), j.snap.issue.UpdatedAt
	j.intent.recorded = true
	memory, err := j.unfinishedMemory()
	if err != nil {
		return err
	}
	if err := j.pool.o.Inbox.SaveMemory(ctx, j.batch, memory); err != nil {
		j.intent.recorded = false
		return fmt.Errorf("writing down what the commands on %s want: %w", j.batch.Issue, err)
	}
	return nil
}

// resumeIntent takes up what an earlier attempt wrote down and may have carried out in part. What was done of it since, or set otherwise by a
// person, is not done again.
func (j *job) resumeIntent(ctx context.Context) error {
	j.snapshotMemory()
	intent := *j.in.Memory.Intent
	j.intent.resumed, j.in.Memory.Intent, j.keep = j.in.Memory.Intent, nil, true
	j.in.Pending = engine.Pending{Intent: intent}
	made, left := intent.Written, triage.Edit{}
	if e := intent.Edit; !e.Empty() {
		past, err := j.view.changes(ctx)
		if err != nil {
			return err
		}
		if labels := j.leftOut(e, past); len(labels) > 0 {
			j.refuseResumed(labels)
			forgetUnmade(&j.in.Memory, j.rules.policy.Team, e)
			e = triage.Edit{}
		}
		left = e.Remaining(j.rules.policy.Team, past, intent.Base).WithoutOvertakenStatus(j.snap.issue)
		if made = e.MadeOn(j.snap.issue, left); j.rules.policy.Team.Store == triage.StoreBoth && len(triage.WithoutStatus(made.Add)) > 0 {
			left.Add, left.Remove = triage.WithoutStatus(left.Add), triage.WithoutStatus(left.Remove) // the status follows the label, or people learn why not
		}
	}
	// Rules may have something to say about what was written already. What gave way for it was removed by nobody.
	made = triage.Edit{Add: made.Add, Weight: made.Weight, Close: made.Close}
	of := triage.Event{At: intent.At, ReceivedAt: j.now()}
	for _, e := range []triage.Edit{made, left} {
		if !e.Empty() {
			j.in.Pending.Events = append(j.in.Pending.Events, e.AsEvent(intent.By, j.snap.issue, of))
		}
	}
	for _, a := range left.Actions() {
		// Which comment wanted what is not written down: the last one stands for all.
		j.in.Pending.WantedActions = append(j.in.Pending.WantedActions, engine.WantedAction{Action: a, Note: intent.Answers[len(intent.Answers)-1].Note})
	}
	if made.Close {
		j.heedStatusOfClosing()
	}
	j.log.Info("taking up what an earlier attempt began")
	return nil
}

// forgetUnmade forgets that the bot made an edit that is taken for not made: people would be taken to have undone it.
func forgetUnmade(m *triage.Memory, team *triage.Team, e triage.Edit) {
	m.BotChanges = maps.Clone(m.BotChanges)
	for _, a := range e.Actions() {
		delete(m.BotChanges, a.Key())
		if _, weighs := team.WeightOf(triage.LabelOf(a), team.Side); weighs {
			delete(m.BotChanges, triage.SetWeight{Side: team.Side}.Key())
		}
	}
}

// intentState is how far what commands want has come.
type intentState struct {
	resumed   *triage.Intent // what an earlier attempt wrote down, nil if there was none
	recorded  bool           // what the decision's commands want is written down
	withdrawn *withdrawn     // what was written down before a write that is withdrawn for its rules' sake; nil if none was
	answered  bool           // the comments are answered, be it that nothing was done
	followUp  *triage.Issue  // that was opened for a command, nil if none was
	unrun     *unrun         // to run the commands again; nil if none ran yet
}

// unrun is what a job held before its commands ran.
type unrun struct {
	comments []engine.Comment
	pending  engine.Pending
	memory   triage.Memory
}

// withdrawn is what was written down of commands that stand, while the rules decide again.
type withdrawn struct {
	intent   triage.Intent
	executed []int64
}

// carryPending has the next decision go on with what the commands want, without running them again.
func (j *job) carryPending() { j.in.Comments, j.in.Pending = nil, j.decision.Pending }

// appendReply adds a paragraph to the reply to a comment.
func appendReply(intent *triage.Intent, id int64, text triage.Prose) {
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
