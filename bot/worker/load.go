package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// newborn is how long after its creation an issue may be that needs no look at its past, longer than clocks differ.
const newborn = time.Minute

// load finds out what happened, what the issue looks like and what is remembered of it, from the mailbox alone where that is enough.
func (j *job) load(ctx context.Context) error {
	j.known = j.batch.Attempt == 1 && j.batch.Memory != nil && json.Unmarshal(j.batch.Memory, &j.in.Memory) == nil && j.in.Memory.Intent == nil &&
		!j.in.Memory.Partial
	j.mail.whole = j.known
	if !j.known {
		j.in.Memory = triage.Memory{}
		_ = json.Unmarshal(j.batch.Memory, &j.in.Memory) // what can be read of it is better than nothing
	}
	j.effects.unanswered, j.mail.shadowed = j.in.Memory.Unanswered, j.in.Memory.ShadowActions
	j.mail.blank = j.in.Memory.FirstSeen.IsZero()
	if j.batch.Attempt > 1 {
		j.doubts.counts = j.in.Memory.Unconfirmed // those of an earlier batch are over
	}
	j.in.Memory.Unconfirmed = nil
	team := j.rules.policy.Team
	newest := seenAs(team, j.in.Memory.Issue)
	j.in.Memory.Issue, j.in.Memory.LastDelivered = newest, seenAs(team, j.in.Memory.LastDelivered)
	if newest != nil {
		j.snap.seenAt, j.snap.told = j.in.Memory.SeenAt, cmp.Or(j.in.Memory.LastDelivered, newest)
	}
	j.reports.remembered = newest
	for _, d := range j.reports.others {
		body, err := record.DecodeEvent(d.Body, j.batch.Issue)
		if err != nil {
			j.log.Warn("the issue is read afresh, because something happened to it and nobody knows what", zap.String("delivery", d.ID), zap.Error(err))
			body = record.Event{Event: triage.Event{Kind: triage.Swept}}
		}
		told := body.Issue.StatusName
		if told != "" && team.KeepsStatus() {
			body.Issue.StatusAt = body.Issue.UpdatedAt
		}
		if body.Issue.UpdatedAt.IsZero() {
			onMergeRequest := body.Event.Kind == triage.Noted && j.batch.Issue.Kind == triage.SubjectMergeRequest
			if body.Event.Kind != triage.MergeRequestChanged && !onMergeRequest { // which say nothing about the subject
				j.mail.unreadable++
			}
		} else if body.Issue.CarryFrom(newest); body.Issue.NewerThan(newest) {
			lacking := lacksStatus(team, told, &body, newest)
			body.Issue = team.SeeStatus(body.Issue)
			newest, j.snap.seenAt, j.snap.late = &body.Issue, body.Event.ReceivedAt, body.Event.ReceivedAt.Sub(body.Issue.UpdatedAt) > newborn
			j.mail.ambiguous = lacking
		} else if told != "" && body.Issue.UpdatedAt.Equal(newest.UpdatedAt) {
			// Of a closing that is told twice, as of one time, only one may tell the status.
			newest.Status, newest.StatusName = cmp.Or(body.Issue.Status, newest.Status), told
			*newest = team.SeeStatus(*newest)
		} else if told != "" && !newest.StatusAt.IsZero() && body.Issue.UpdatedAt.After(newest.StatusAt) {
			// A later state came without a status, in answer to a write.
			newest.Status, newest.StatusName, newest.StatusAt = body.Issue.Status, told, body.Issue.UpdatedAt
			*newest = team.SeeStatus(*newest)
		} else if body.Issue.Status == triage.Canceled && body.Issue.UpdatedAt.Equal(newest.UpdatedAt) {
			newest.Status = triage.Canceled
		}
		j.mail.ambiguous = j.mail.ambiguous || isAmbiguous(&body.Issue, newest)
		if body.Event.Kind == triage.PoliciesDue {
			j.mail.otherRules = j.mail.otherRules || body.Policies != j.rules.policy.PoliciesDigest(j.batch.Issue.Kind)
		} else if body.Event.Kind != triage.Swept {
			j.mail.receivedAt = append(j.mail.receivedAt, body.Event.ReceivedAt)
		}
		j.mail.adopted = j.mail.adopted || body.Adopted
		if body.Came.After(j.mail.cameAt) {
			j.mail.cameAt = body.Came
		}
		if n := body.Event.Note; n != nil {
			n.OnlyCommands = j.onlyCommands(n.Text)
		}
		if !j.view.bot.is(body.Event.Actor.ID) {
			j.in.Events = append(j.in.Events, j.withoutRepeatedTransition(team.SeeStatusChange(body.Event)))
		}
	}
	if j.batch.Woken {
		j.in.Events = append(j.in.Events, triage.Event{Kind: triage.Woken, At: j.now(), ReceivedAt: j.now()})
	}
	j.snap.newest, j.snap.newestAt = newest, j.snap.seenAt
	if j.in.Memory.FirstSeen.IsZero() {
		j.in.Memory.FirstSeen = j.now()
	}
	if newest == nil || j.batch.Attempt > 1 || j.mail.unreadable > 0 || j.in.Memory.Intent != nil || j.mail.ambiguous {
		return j.readIssue(ctx)
	}
	j.snap.issue = *newest
	j.in.Memory.SeenFromCreation = j.in.Memory.SeenFromCreation || j.mail.blank && j.isNewborn()
	j.known = j.known || j.isNewborn()
	j.in.Memory.Context.AllTold = j.in.Memory.Context.AllTold || j.mail.blank && j.isNewborn() && j.pool.hearsMergeRequests(j.batch.Issue.Project)
	return nil
}

// lacksStatus reports whether an event does not tell the status of the issue though there may be one, or another than the one that is known. Webhooks about
// an issue tell it whenever it has one; an issue found in a list is shown without.
func lacksStatus(team *triage.Team, told string, e *record.Event, known *triage.Issue) bool {
	const aboutOther = triage.Noted | triage.Awarded | triage.Revoked | triage.Woken | triage.MergeRequestChanged
	switch {
	case told != "" || !team.KeepsStatus():
		return false
	case e.Event.Kind&triage.Swept != 0:
		return true
	}
	return known != nil && known.StatusName != "" && e.Event.Kind&aboutOther == 0
}

// seenAs is a remembered issue as the team's rules see it now: where states are kept may have been configured anew. nil stays nil.
func seenAs(team *triage.Team, issue *triage.Issue) *triage.Issue {
	if issue == nil {
		return nil
	}
	seen := team.SeeStatus(*issue)
	return &seen
}

// isNewborn reports whether the issue was opened just now and not touched since: it has no past. It must be younger than the store, by more
// than clocks differ: the webhook that opened it may come once more after the store was emptied.
func (j *job) isNewborn() bool {
	if j.batch.Attempt > 1 || triage.KindsOf(j.in.Events)&triage.Opened == 0 || j.snap.issue.SecondPrecision {
		return false
	}
	age := j.now().Sub(j.snap.issue.CreatedAt).Abs()
	return age < newborn && j.snap.issue.CreatedAt.After(j.batch.StoreCreatedAt.Add(newborn)) && j.snap.issue.UpdatedAt.Sub(j.snap.issue.CreatedAt) < time.Second
}
