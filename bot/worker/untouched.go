package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// explained is how far an issue's time of update may be from what moved it.
const explained = time.Second

// isUntouched reports whether a swept issue is to be left alone: it is older than what the bot knows of its project, nothing is known of
// it, and all that moved it since is that it was mentioned elsewhere, or that the bot linked it. What GitLab does not tell about, such as a
// milestone, counts as a person's touch.
func (j *job) isUntouched(ctx context.Context) (bool, error) {
	if !j.mail.blank || j.mail.adopted || j.batch.Woken || !j.snap.issue.CreatedAt.Before(j.mail.cameAt) || triage.KindsOf(j.in.Events) != triage.Swept {
		return false, nil
	}
	past, err := j.view.changes(ctx)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(past, func(p triage.ResourceEvent) bool { return j.view.bot.is(p.Actor.ID) || !p.At.Before(j.mail.cameAt) }) {
		return false, nil
	}
	activities, err := j.reads.Activities(ctx, j.batch.Issue, j.mail.cameAt)
	if err != nil {
		return false, err
	}
	j.view.called = true
	moved := false
	for _, a := range activities {
		if a.Kind == gitlab.Commented || a.Kind == gitlab.Changed && !j.view.bot.is(a.Actor) {
			return false, nil
		}
		moved = moved || j.snap.issue.UpdatedAt.Sub(a.At).Abs() <= explained
	}
	if moved {
		j.decision.Reason = "nobody touched the issue since the bot came to its project, it was only mentioned or linked"
	}
	return moved, nil
}
