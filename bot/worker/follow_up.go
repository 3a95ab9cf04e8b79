package worker

import (
	"context"
	"slices"
	"strconv"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// openFollowUp opens the follow-up that commands want, unless it is open already, and links it, before the issue itself is changed.
func (j *job) openFollowUp(ctx context.Context) error {
	intent := &j.decision.Pending.Intent
	draft := intent.Opens
	if draft == nil {
		return nil
	}
	if j.intent.followUp == nil {
		issue, err := j.findOrOpen(ctx, intent)
		if err != nil {
			return err
		}
		_, err = j.writes.CreateLink(ctx, j.batch.Issue, issue.Ref, triage.RelatesTo)
		if _, err := j.unlinkable(err); err != nil {
			return err
		}
		if err := j.tellOpened(ctx, issue); err != nil {
			return err
		}
		j.intent.followUp = &issue
	}
	j.knowFollowUp(draft)
	if draft.Kind == triage.DraftParent {
		j.decision.Memory.Parent = j.intent.followUp.IID
	}
	if draft.Milestone != "" && j.intent.followUp.Milestone == 0 {
		appendReply(intent, intent.OpensBy, triage.Say("The "+draft.Name()+" has no milestone: the project has none called ").Quote(draft.Milestone).Say(" that is open."))
	}
	labels, _ := j.rules.policy.Team.OpenIn(draft.Labels, j.snap.issue)
	for _, l := range labels {
		if !j.intent.followUp.Has(l) {
			appendReply(intent, intent.OpensBy, append(triage.Say("The "+draft.Name()+" lacks a label: "), engine.LabelRefusedText(l).Say(".")...))
		}
	}
	appendReply(intent, intent.OpensBy, triage.Say("The "+draft.Name()+" is #"+strconv.FormatInt(j.intent.followUp.IID, 10)+"."))
	return nil
}

// tellOpened has the rules look at an issue that was opened for somebody: GitLab's webhook about it is an echo of the bot's own doing. Telling it twice is
// harmless.
func (j *job) tellOpened(ctx context.Context, issue triage.Issue) error {
	event := triage.Event{Kind: triage.Opened, Actor: j.decision.Pending.Intent.By, At: issue.CreatedAt, ReceivedAt: j.now()}
	return j.tell(ctx, issue, event, "by the bot", "opened/"+issue.Ref.String())
}

// knowFollowUp puts a follow-up in the place of the link that stood for it before it was opened.
func (j *job) knowFollowUp(draft *triage.Draft) {
	links := slices.Clone(j.decision.Memory.Context.Links)
	for n := range links {
		if links[n].Kind == triage.RelatesTo && links[n].Ref == (triage.Ref{}) && draft.IsFollowUp() {
			opened := j.intent.followUp
			links[n] = triage.Link{Kind: triage.RelatesTo, Ref: opened.Ref, Created: opened.CreatedAt, Closed: opened.Closed, Labels: opened.Labels}
		}
	}
	j.decision.Memory.Context.Links = links
}

// findOrOpen is the follow-up that an earlier attempt opened, or a new one.
func (j *job) findOrOpen(ctx context.Context, intent *triage.Intent) (triage.Issue, error) {
	draft := intent.Opens
	labels, status := j.rules.policy.Team.OpenIn(draft.Labels, j.snap.issue)
	issue, found, err := j.view.findMarked(ctx, note.DraftMarker(j.batch.Issue, intent.OpensBy), j.snap.issue.CreatedAt)
	if err != nil {
		return issue, err
	}
	if found {
		return j.openInStatus(ctx, issue, status)
	}
	outside, err := j.outside(ctx) // what a customer wrote is in the title
	if err != nil {
		return triage.Issue{}, err
	}
	issue, err = j.writes.CreateIssue(ctx, j.batch.Issue.Project, gitlab.NewIssue{
		Title: note.DraftTitle(*draft), Description: note.RenderDraft(*draft, j.rules.policy.Team, j.snap.issue, intent.OpensBy),
		Labels: labels, Weight: draft.Weight, Milestone: draft.Milestone, Confidential: draft.Confidential || outside,
	})
	if err != nil {
		return triage.Issue{}, j.rememberUnanswered(intent.OpensBy, err)
	}
	j.effects.note(draft.Name() + " opened: " + issue.Ref.String())
	return j.openInStatus(ctx, issue, status)
}

// openInStatus gives an issue that was opened the status that stands for its workflow state, "" for none. It shows its labels as the draft wants them.
func (j *job) openInStatus(ctx context.Context, issue triage.Issue, status string) (triage.Issue, error) {
	if status == "" {
		return issue, nil
	}
	after := issue
	after.Labels = append(slices.Clone(issue.Labels), status)
	_, err := j.writes.UpdateIssue(ctx, issue, after)
	after.StatusName, after.StatusTold = after.ShownStatus(), true
	return after, err
}

// unlinkable reports whether an issue cannot be linked, however often that is tried: GitLab refuses it, or has not found the other issue for
// minutes.
func (j *job) unlinkable(cause error) (bool, error) {
	class := gitlab.ClassOf(cause)
	if class == gitlab.NotFound {
		err := j.doubts.about(opOf(cause), j.pool.o.Patience.Gone, cause)
		return err == nil, err
	}
	if class == gitlab.Permanent {
		return true, nil
	}
	return false, cause
}
