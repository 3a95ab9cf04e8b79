package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/triage"
)

// rememberUnanswered remembers a write that failed, unless GitLab refused it: it may be carried out later, behind its repetition. Opens is
// the comment whose follow-up was to be opened, 0 for all other writes. The error is returned as it is.
func (j *job) rememberUnanswered(opens int64, err error) error {
	e, answered := errors.AsType[*gitlab.Error](err)
	if err == nil || answered && (e.Unsent || e.Status >= 400 && e.Status < 500 || e.Class == gitlab.Permanent) {
		return err
	}
	j.snapshotMemory()
	lost := triage.UnansweredWrite{At: j.now(), Opens: opens}
	if before := j.effects.unanswered; before != nil {
		lost.Opens, lost.Moves = cmp.Or(opens, before.Opens), before.Moves
	}
	j.effects.unanswered, j.effects.leftUnanswered = &lost, true
	return err
}

// assumeUnanswered has the last write of whoever abandoned the batch looked for as one without an answer: that process may only have been stopped for a
// while, or GitLab may take its time. Only this attempt is told that the batch was abandoned, so the memory has to keep it. What it may have been
// opening the intent tells; whether it was moving the issue, nothing.
func (j *job) assumeUnanswered(intent *triage.Intent) {
	lost := triage.UnansweredWrite{At: j.now(), Moves: true}
	if intent != nil && intent.Opens != nil {
		lost.Opens = intent.OpensBy
	}
	if before := j.effects.unanswered; before != nil {
		lost.Opens = cmp.Or(lost.Opens, before.Opens)
	}
	j.effects.unanswered, j.effects.leftUnanswered = &lost, true
}

// mayBeBeside reports whether somebody else may be writing to the issue: whoever was at it before the store was emptied, or let the lease run out,
// may have sent one more request.
func (j *job) mayBeBeside() bool {
	return j.batch.Abandoned || j.now().Before(j.batch.StoreCreatedAt.Add(j.pool.o.Lease))
}

// removeLateTwins looks for what was carried out late.
func (j *job) removeLateTwins(ctx context.Context) error {
	if j.effects.unanswered == nil {
		return nil
	}
	if _, err := j.deleteTwins(ctx); err != nil {
		return err
	}
	j.rereadNote()
	if err := j.closeTwin(ctx); err != nil {
		return err
	}
	if !j.now().Before(j.effects.unanswered.At.Add(j.pool.o.Patience.late())) {
		j.effects.unanswered = nil
	}
	j.keep = j.keep || j.mail.whole
	return nil
}

// deleteTwins deletes the younger ones where the bot's comments say the same thing twice: two notes, two answers to one comment. It reports
// whether there were any.
func (j *job) deleteTwins(ctx context.Context) (found bool, err error) {
	notes, err := j.view.ownNotes(ctx)
	if err != nil {
		return false, err
	}
	seen, doubles := map[string]bool{}, map[int64]bool{}
	for _, n := range notes {
		what := subject(n, j.batch.Issue)
		doubles[n.ID] = what != "" && seen[what]
		seen[what] = true
	}
	for _, n := range notes {
		if !doubles[n.ID] {
			continue
		}
		if err := j.says.DeleteNote(ctx, j.batch.Issue, n.ID); gitlab.ClassOf(err) == gitlab.Permanent {
			j.log.Warn("a comment that GitLab wrote twice stays", zap.Int64("note", n.ID), zap.Error(err))
		} else if err != nil {
			return found, err
		}
		j.snapshotMemory()
		j.effects.note("deleted a comment that GitLab wrote twice")
		found = true
		if j.in.Memory.Note.ID == n.ID {
			j.in.Memory.Note.ID = 0 // the older one takes its place
		}
	}
	j.view.own = slices.DeleteFunc(slices.Clone(notes), func(n gitlab.Note) bool { return doubles[n.ID] })
	if found {
		j.rereadNote()
	}
	return found, nil
}

// subject tells apart what the bot's comments are for; "" for those that nothing is known of, which are left alone.
func subject(n gitlab.Note, on triage.Ref) string {
	if _, state := note.ParseMarker(n.Body, on); state == note.Known {
		return "note " + strconv.FormatBool(n.Internal)
	}
	if to, _, answers := note.ParseReply(n.Body, on); answers {
		return "answer " + strconv.FormatInt(to, 10)
	}
	if rule, spell, says := note.ParsePolicyComment(n.Body, on); says {
		return "policy " + rule + " " + strconv.Itoa(spell)
	}
	return ""
}

// rereadNote takes what the note says from the note itself: an edit that was carried out late may have changed it, or its creation.
func (j *job) rereadNote() {
	marked, found := findNote(j.view.own, j.batch.Issue)
	switch known := j.in.Memory.Note.ID; {
	case !found:
	case known == 0:
		j.in.Memory = overlay(j.in.Memory, marked)
	case known == marked.Note.ID && !marked.Note.NewerVersion:
		j.in.Memory.Note.Digest = marked.Note.Digest
	}
}

// closeTwin closes the second follow-up of a spike, once, and says there which is the first. Whoever opens it again wants it.
func (j *job) closeTwin(ctx context.Context) error {
	if j.effects.unanswered.Opens == 0 {
		return nil
	}
	marker := note.DraftMarker(j.batch.Issue, j.effects.unanswered.Opens)
	first, found, err := j.view.gitlab.FindIssueByMarker(ctx, j.batch.Issue.Project, j.view.bot.self.ID, marker, j.effects.unanswered.At.Add(-time.Hour))
	if err != nil || !found {
		return err
	}
	twin, found, err := j.view.gitlab.FindIssueByMarker(ctx, j.batch.Issue.Project, j.view.bot.self.ID, marker, first.CreatedAt.Add(time.Millisecond))
	if err != nil || !found {
		return err
	}
	j.snapshotMemory()
	lost := *j.effects.unanswered
	lost.Opens = 0
	if twin.Closed {
		j.effects.unanswered = &lost
		return nil
	}
	why := "GitLab opened this issue twice. The other one is #" + strconv.FormatInt(first.IID, 10) + ", this one is not needed."
	if _, err := j.says.CreateNote(ctx, twin.Ref, false, why); err != nil {
		return err
	}
	if _, err := j.writes.UpdateIssue(ctx, twin, triage.Close{}.Apply(twin)); err != nil {
		return err
	}
	j.effects.unanswered = &lost
	j.effects.note("closed a follow-up that GitLab opened twice: " + twin.Ref.String())
	return nil
}

// wakeAt is when the issue is to be looked at again.
func (j *job) wakeAt() time.Time {
	at := triage.Earlier(j.decision.WakeAt, j.reports.wakeAt)
	if j.effects.unanswered == nil {
		return at
	}
	return triage.Earlier(at, j.effects.unanswered.At.Add(j.pool.o.Patience.late()))
}
