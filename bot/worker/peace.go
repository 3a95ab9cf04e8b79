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

// inPeace reports whether a swept issue is to be left alone: it is older than what the bot knows of its project, nothing is known of it, and all
// that moved it since is that it was mentioned elsewhere, or that the bot linked it. What GitLab does not tell about, such as a milestone, counts as a person's touch.
func (j *job) inPeace(ctx context.Context) (bool, error) {
	if !j.blank || j.adopted || j.batch.Woken || !j.issue.CreatedAt.Before(j.came) || triage.KindsOf(j.events) != triage.Swept {
		return false, nil
	}
	past, err := j.changes(ctx)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(past, func(p triage.ResourceEvent) bool { return j.mine(p.Actor.ID) || !p.At.Before(j.came) }) {
		return false, nil
	}
	activities, err := j.o.GitLab.Activities(ctx, j.batch.Issue, j.came)
	if err != nil {
		return false, err
	}
	j.called = true
	moved := false
	for _, a := range activities {
		if a.Kind == gitlab.Commented || a.Kind == gitlab.Changed && !j.mine(a.Actor) {
			return false, nil
		}
		moved = moved || j.issue.UpdatedAt.Sub(a.At).Abs() <= explained
	}
	if moved {
		j.decision.Reason = "nobody touched the issue since the bot came to its project, it was only mentioned or linked"
	}
	return moved, nil
}
