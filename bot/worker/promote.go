package worker

import (
	"context"

	"flowkeeper/rules/triage"
)

// promote makes an epic of the issue where a command wants that. GitLab closes an issue that it promotes, so a closed one was promoted by an earlier
// attempt.
func (j *job) promote(ctx context.Context) error {
	intent := &j.decision.Pending.Intent
	if intent.Promotes == 0 {
		return nil
	}
	if !j.snap.live {
		if err := j.readIssue(ctx); err != nil {
			return err
		}
	}
	if !j.snap.issue.Closed {
		if err := j.writes.Promote(ctx, j.batch.Issue); err != nil {
			return err
		}
		if err := j.readIssue(ctx); err != nil {
			return err
		}
	}
	if !j.snap.issue.Closed {
		appendReply(intent, intent.Promotes, triage.Say("GitLab did not make an epic of the issue: the bot may not open epics in the group, or this issue can be none. "+
			"Somebody who may can write "+triage.Code("/promote")+"."))
		return nil
	}
	j.decision.Memory.Issue = &j.snap.issue
	j.effects.note("promoted to an epic")
	appendReply(intent, intent.Promotes, triage.Say("The issue is an epic of the group now, and closed here. Its follow-ups stay issues; put them into the epic there."))
	return nil
}
