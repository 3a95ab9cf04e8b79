package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// newborn is how long after its creation an issue may be that needs no look at its past, longer than clocks differ.
const newborn = time.Minute

// load finds out what happened, what the issue looks like and what is remembered of it, from the mailbox alone where that is enough.
func (j *job) load(ctx context.Context) error {
	j.loadMemory()
	for _, d := range j.reports.others {
		j.takeDelivery(d)
	}
	if j.batch.Woken {
		j.in.Events = append(j.in.Events, triage.Event{Kind: triage.Woken, At: j.now(), ReceivedAt: j.now()})
	}
	j.snap.newestAt = j.snap.seenAt
	if j.in.Memory.FirstSeen.IsZero() {
		j.in.Memory.FirstSeen = j.now()
	}
	if j.snap.newest == nil || j.batch.Attempt > 1 || j.mail.unreadable > 0 || j.in.Memory.Intent != nil || j.mail.ambiguous {
		return j.readIssue(ctx)
	}
	j.snap.issue = *j.snap.newest
	j.in.Memory.SeenFromCreation = j.in.Memory.SeenFromCreation || j.mail.blank && j.isNewborn()
	j.known = j.known || j.isNewborn()
	j.in.Memory.Context.AllTold = j.in.Memory.Context.AllTold || j.mail.blank && j.isNewborn() && j.pool.hearsMergeRequests(j.batch.Issue.Project)
	return nil
}

// loadMemory takes what is remembered of the issue, and the state that was known last.
func (j *job) loadMemory() {
	m, team := &j.in.Memory, j.rules.policy.Team
	j.known = j.batch.Attempt == 1 && j.batch.Memory != nil && json.Unmarshal(j.batch.Memory, m) == nil && m.Intent == nil && !m.Partial
	j.mail.whole = j.known
	if !j.known {
		*m = triage.Memory{}
		_ = json.Unmarshal(j.batch.Memory, m) // what can be read of it is better than nothing
	}
	j.effects.unanswered, j.mail.shadowed = m.Unanswered, m.ShadowActions
	if j.batch.Abandoned {
		j.assumeUnanswered(m.Intent)
	}
	j.mail.blank = m.FirstSeen.IsZero()
	if j.batch.Attempt > 1 {
		j.doubts.counts = m.Unconfirmed // those of an earlier batch are over
	}
	m.Unconfirmed = nil
	j.settingStatus, m.SettingStatus = m.SettingStatus, ""
	m.Issue, m.LastDelivered = seenAs(team, m.Issue), seenAs(team, m.LastDelivered)
	if m.Issue != nil {
		j.snap.seenAt, j.snap.told = m.SeenAt, cmp.Or(m.LastDelivered, m.Issue)
	}
	j.reports.remembered, j.snap.newest = m.Issue, m.Issue
}

// takeDelivery takes in the state that a delivery shows, and what happened.
func (j *job) takeDelivery(d inbox.Message) {
	body, err := record.DecodeEvent(d.Body, j.batch.Issue)
	if err != nil {
		j.log.Warn("the issue is read afresh, because something happened to it and nobody knows what", zap.String("delivery", d.ID), zap.Error(err))
		body = record.Event{Event: triage.Event{Kind: triage.Swept}}
	}
	j.takeState(&body)
	switch body.Event.Kind {
	case triage.PoliciesDue:
		j.mail.otherRules = j.mail.otherRules || body.Policies != j.rules.policy.PoliciesDigest(j.batch.Issue.Kind)
	case triage.Swept:
	default:
		j.mail.receivedAt = append(j.mail.receivedAt, body.Event.ReceivedAt)
	}
	j.mail.adopted = j.mail.adopted || body.Adopted
	if body.Came.After(j.mail.cameAt) {
		j.mail.cameAt = body.Came
	}
	if body.Since.After(j.mail.sweptFrom) {
		j.mail.sweptFrom = body.Since
	}
	if n := body.Event.Note; n != nil {
		n.OnlyCommands = j.onlyCommands(n.Text)
	}
	if !j.view.bot.is(body.Event.Actor.ID) {
		j.in.Events = append(j.in.Events, j.withoutRepeatedTransition(j.rules.policy.Team.SeeStatusChange(body.Event)))
	}
}

// takeState follows the issue to the state that a delivery shows, if that is later than the one known so far.
func (j *job) takeState(body *record.Event) {
	shown, known := &body.Issue, j.snap.newest
	if shown.UpdatedAt.IsZero() {
		onMergeRequest := body.Event.Kind == triage.Noted && j.batch.Issue.Kind == triage.SubjectMergeRequest
		if body.Event.Kind != triage.MergeRequestChanged && !onMergeRequest { // which say nothing about the subject
			j.mail.unreadable++
		}
		return
	}
	team, status := j.rules.policy.Team, shown.StatusName
	switch {
	case known != nil && known.StatusAt.After(shown.UpdatedAt): // the bot has set one since
		shown.Status, shown.StatusName, shown.StatusAt = known.Status, known.StatusName, known.StatusAt
	case status != "" && team.KeepsStatus():
		shown.StatusAt = shown.UpdatedAt
	}
	shown.CarryFrom(known)
	if shown.NewerThan(known) {
		j.mail.ambiguous = lacksStatus(team, status, body, known) || isAmbiguous(shown, known)
		*shown = team.SeeStatus(*shown)
		j.snap.newest, j.snap.seenAt, j.snap.late = shown, body.Event.ReceivedAt, body.Event.ReceivedAt.Sub(shown.UpdatedAt) > newborn
		return
	}
	sameTime := shown.UpdatedAt.Equal(known.UpdatedAt)
	known.DefaultStatus = known.DefaultStatus && (status == "" || status == known.StatusName)
	switch {
	case status != "" && sameTime:
		// Of a closing that is told twice, as of one time, only one may tell the status.
		known.Status, known.StatusName = cmp.Or(shown.Status, known.Status), status
		*known = team.SeeStatus(*known)
	case status != "" && !known.StatusAt.IsZero() && shown.UpdatedAt.After(known.StatusAt):
		// A later state came without a status, in answer to a write.
		known.Status, known.StatusName, known.StatusAt = shown.Status, status, shown.UpdatedAt
		*known = team.SeeStatus(*known)
	case shown.Status == triage.Canceled && sameTime:
		known.Status = triage.Canceled
	}
	j.mail.ambiguous = j.mail.ambiguous || isAmbiguous(shown, known)
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
